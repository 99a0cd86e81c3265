package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;

import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.action.ShellReading.Nested;
import io.llmtrace.policies.detect.action.ShellReading.Scope;
import io.llmtrace.policies.detect.parse.WebAddress;
import java.util.List;
import java.util.Set;

/**
 * What goes from one command into another: downloads, decoded text and remote input that are run,
 * secrets that are sent away.
 */
final class PipeRules {
  private final ShellReading reading;
  private final NetworkRules network;
  private final Nested nested;

  PipeRules(ShellReading reading, NetworkRules network, Nested nested) {
    this.reading = reading;
    this.network = network;
    this.nested = nested;
  }

  void read(Pipeline pipeline, List<Program> programs, Scope scope) {
    int from = scope.from(pipeline.start());
    int to = scope.to(pipeline.end());
    Origin origin = Origin.NONE;
    String url = "";
    for (int i = 0; i < programs.size(); i++) {
      Program program = programs.get(i);
      if (reading.over()) {
        return;
      }
      if (i > 0 && program.runsItsInput()) {
        input(origin, url, from, to);
        echoed(programs.get(i - 1), scope);
      }
      if (i > 0 && origin == Origin.SECRET && NetworkRules.sendsAway(program)) {
        reading.leak("shell-send-secret", CRITICAL, 0.9, from, to);
      }
      Origin own = origin(program);
      if (own != Origin.NONE) {
        origin = own;
        url = own == Origin.DOWNLOAD ? url(program) : url;
      }
      substituted(program, scope);
    }
  }

  /** Where the bytes in a pipe come from. */
  private enum Origin {
    NONE,
    DOWNLOAD,
    DECODED,
    REMOTE,
    SECRET
  }

  private Origin origin(Program program) {
    String line = program.line();
    if (program.isDownloader()) {
      return Origin.DOWNLOAD;
    }
    boolean decodes =
        switch (program.name()) {
          case "base64", "base32", "gbase64" -> line.contains("-d") || line.contains("--decode");
          case "xxd" -> program.hasFlag("r");
          case "openssl" ->
              (line.startsWith("enc") || line.startsWith("base64")) && line.contains("-d");
          case "rev", "uudecode" -> true;
          default -> false;
        };
    if (decodes) {
      return Origin.DECODED;
    }
    boolean remote =
        NetworkRules.isNetcat(program)
            || program.name().equals("telnet")
            || (program.name().equals("openssl") && line.startsWith("s_client"));
    if (remote) {
      return Origin.REMOTE;
    }
    return reading.readsSecret(program) || showsEnvironment(program) ? Origin.SECRET : Origin.NONE;
  }

  private void input(Origin origin, String url, int from, int to) {
    switch (origin) {
      case DOWNLOAD -> network.runsDownload(url, from, to);
      case DECODED -> reading.add("shell-decode-run", HIGH, 0.9, from, to);
      case REMOTE -> reading.add("shell-reverse", CRITICAL, 0.9, from, to);
      case NONE, SECRET -> {}
    }
  }

  /** {@code echo 'rm -rf /' | sh}: what is echoed is what runs. */
  private void echoed(Program before, Scope scope) {
    if (before.name().equals("echo") || before.name().equals("printf")) {
      StringBuilder script = new StringBuilder();
      before.args().forEach(arg -> script.append(arg.text()).append(' '));
      Command command = before.command();
      nested.read(
          script.toString(),
          scope.from(command.start()),
          scope.to(command.end()),
          scope.depth() + 1);
    }
  }

  private static String url(Program program) {
    for (Word arg : program.args()) {
      String text = arg.text();
      if (WebAddress.schemeEnd(text, 0) > 0) {
        return text;
      }
    }
    return "";
  }

  /** {@code bash -c "$(curl …)"}, {@code eval `…`}, {@code . <(curl …)}. */
  private void substituted(Program program, Scope scope) {
    boolean runs =
        program.isShell()
            || program.isLanguage()
            || Set.of("eval", "source", ".", "iex").contains(program.name());
    if (!runs) {
      return;
    }
    for (Word arg : program.args()) {
      for (Pipeline inner : arg.inner()) {
        for (Command command : inner.commands()) {
          Program made = Program.of(command);
          Origin origin = origin(made);
          if (origin == Origin.DOWNLOAD || origin == Origin.DECODED) {
            input(origin, url(made), scope.from(arg.start()), scope.to(arg.end()));
          }
        }
      }
    }
  }

  private static boolean showsEnvironment(Program program) {
    // "env" is a wrapper: with nothing to wrap, no name is left.
    boolean env =
        program.name().isEmpty()
            && !program.command().words().isEmpty()
            && program.command().words().get(0).text().equals("env");
    return env
        || program.name().equals("printenv")
        || (program.name().equals("set") && program.args().isEmpty())
        || (program.name().equals("history") && program.args().isEmpty());
  }
}
