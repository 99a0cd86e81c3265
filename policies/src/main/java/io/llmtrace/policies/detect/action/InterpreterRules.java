package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;

import io.llmtrace.policies.detect.action.Shell.Redirect;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.action.ShellReading.Nested;
import io.llmtrace.policies.detect.action.ShellReading.Scope;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.List;
import java.util.Set;

/**
 * Commands that carry a script of their own (T1059): shells, PowerShell, other languages, {@code
 * eval}, {@code ssh}. What they carry is read as what it is.
 */
final class InterpreterRules {
  private final ShellReading reading;
  private final NetworkRules network;
  private final Nested nested;

  InterpreterRules(ShellReading reading, NetworkRules network, Nested nested) {
    this.reading = reading;
    this.network = network;
    this.nested = nested;
  }

  void read(Program program, Scope scope) {
    List<Word> args = program.args();
    if (program.name().equals("eval") || program.name().equals("cmd")) {
      StringBuilder script = new StringBuilder();
      for (Word arg : args) {
        if (!(program.name().equals("cmd") && arg.text().startsWith("/"))) {
          script.append(arg.text()).append(' ');
        }
      }
      if (!args.isEmpty()) {
        nested.read(
            script.toString(),
            scope.from(args.get(0).start()),
            scope.to(args.get(args.size() - 1).end()),
            scope.depth() + 1);
      }
    }
    if (!program.isShell() && !program.isLanguage() && !program.isPowerShell()) {
      return;
    }
    for (int i = 0; i < args.size() && !reading.over(); i++) {
      String flag = args.get(i).text();
      boolean code =
          program.isShell()
              ? Program.isCommandFlag(flag)
              : (program.isLanguage() && Set.of("-c", "-e", "-r", "-E", "--eval").contains(flag))
                  || flag.startsWith("-rsocket");
      if (code && i + 1 < args.size()) {
        Word script = args.get(i + 1);
        if (program.isShell()) {
          nested(script, scope);
        } else {
          code(script.text(), scope.from(script.start()), scope.to(script.end()), scope.depth());
        }
      }
      if (program.isPowerShell()) {
        powerShellArgument(args, i, scope);
      }
    }
    for (Redirect redirect : program.command().redirects()) {
      if (redirect.operator().equals("<<") || redirect.operator().equals("<<<")) {
        Word body = redirect.target();
        if (program.isShell()) {
          nested.read(
              body.text(), scope.from(body.start()), scope.to(body.end()), scope.depth() + 1);
        } else {
          code(body.text(), scope.from(body.start()), scope.to(body.end()), scope.depth());
        }
      }
    }
  }

  private void powerShellArgument(List<Word> args, int i, Scope scope) {
    String flag = Letters.lower(args.get(i).text()).replace('/', '-');
    boolean encoded =
        (flag.length() >= 2 && "-encodedcommand".startsWith(flag)) || flag.equals("-ec");
    if (i + 1 >= args.size()) {
      return;
    }
    if (encoded) {
      Word word = args.get(i + 1);
      String script = PowerShell.utf16(word.text());
      reading.add(
          "shell-powershell-encoded",
          HIGH,
          script.isEmpty() ? 0.7 : 0.9,
          scope.from(word.start()),
          scope.to(word.end()));
      nested.read(script, scope.from(word.start()), scope.to(word.end()), scope.depth() + 1);
    } else if (flag.equals("-command") || flag.equals("-c")) {
      nested(args.get(i + 1), scope);
    }
  }

  /** What a whole script of PowerShell does. */
  void powerShell(String text, int start, int end) {
    switch (PowerShell.deed(text)) {
      case RUNS_DOWNLOAD -> network.runsDownload(PowerShell.url(text), start, end);
      case RUNS_DECODED -> reading.add("shell-decode-run", HIGH, 0.9, start, end);
      case OPENS_SHELL -> reading.add("shell-reverse", CRITICAL, 0.95, start, end);
      case NOTHING -> {}
    }
  }

  /** {@code ssh host 'command'}: the last words are a command line of their own. */
  void remoteShell(Program program, Scope scope) {
    if (!program.args().isEmpty()) {
      Word last = program.args().get(program.args().size() - 1);
      if (last.quoted()) {
        nested(last, scope);
      }
    }
  }

  private void nested(Word word, Scope scope) {
    nested.read(word.text(), scope.from(word.start()), scope.to(word.end()), scope.depth() + 1);
  }

  /** Code of another language that a command line carries. */
  private void code(String code, int start, int end, int depth) {
    for (Danger danger : CodeStrings.dangers(code, reading.budget(), depth)) {
      reading.add(danger.at(start, end));
    }
  }
}
