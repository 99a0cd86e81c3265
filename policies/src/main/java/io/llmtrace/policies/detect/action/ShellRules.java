package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Redirect;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.action.ShellReading.Scope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a command line would do that no task of an assistant needs. Commands that build, test, list
 * and clean are nothing, however they look: {@code rm -rf node_modules} is not {@code rm -rf /}.
 * This class goes through pipelines and commands; the rules stand with the families of commands:
 * {@link FileRules}, {@link NetworkRules}, {@link SystemRules}, {@link WindowsRules}, {@link
 * PipeRules} and {@link InterpreterRules}.
 *
 * <p>Techniques after MITRE ATT&amp;CK: T1059 (interpreters), T1105 (tool transfer), T1552
 * (credentials in files), T1053, T1098.004 and T1546.004 (persistence), T1485 and T1561
 * (destruction), T1562 and T1070 (defences, traces), T1218 (signed binaries of Windows).
 */
final class ShellRules {
  private final InspectionBudget budget;
  private final ShellReading reading;
  private final FileRules files;
  private final NetworkRules sockets;
  private final SystemRules system;
  private final PipeRules pipes;
  private final InterpreterRules interpreters;
  private final Set<String> names = new HashSet<>();
  private boolean interactive;
  private boolean network;

  private ShellRules(InspectionBudget budget) {
    this.budget = budget;
    this.reading = new ShellReading(budget);
    this.files = new FileRules(reading, this::command);
    this.sockets = new NetworkRules(reading);
    this.system = new SystemRules(reading);
    this.pipes = new PipeRules(reading, sockets, this::nested);
    this.interpreters = new InterpreterRules(reading, sockets, this::nested);
  }

  /** Reads a command line; spans are characters of {@code text}. */
  static List<Danger> read(String text, InspectionBudget budget) {
    return read(text, budget, 0);
  }

  /** The same for a command line that was found {@code depth} texts deep in others. */
  static List<Danger> read(String text, InspectionBudget budget, int depth) {
    ShellRules rules = new ShellRules(budget);
    rules.script(text, 0, text.length(), Scope.own(depth));
    return rules.reading.dangers();
  }

  /** Reads a command line that another one carries, from one character of that to another. */
  private void nested(String text, int start, int end, int depth) {
    script(text, start, end, new Scope(start, end, depth));
  }

  private void script(String text, int start, int end, Scope scope) {
    if (scope.depth() > ShellReading.DEEPEST || text.isBlank()) {
      return;
    }
    forkBomb(text, start, end);
    List<Pipeline> pipelines = ShellParser.parse(text, budget);
    if (ShellDialect.of(text) == ShellDialect.WINDOWS) {
      interpreters.powerShell(text, start, end);
    }
    walk(pipelines, scope);
    if (names.contains("mkfifo") && network && interactive) {
      reading.add("shell-reverse", CRITICAL, 0.95, start, end);
    }
  }

  private void walk(List<Pipeline> pipelines, Scope scope) {
    for (Pipeline pipeline : pipelines) {
      if (reading.isFull() || budget.spent()) {
        return;
      }
      List<Program> programs = programs(pipeline);
      pipes.read(pipeline, programs, scope);
      for (Program program : programs) {
        if (reading.over()) {
          return;
        }
        names.add(program.name());
        command(program, scope);
        for (Word word : program.command().words()) {
          if (!word.inner().isEmpty() && scope.depth() < ShellLexer.DEEPEST) {
            walk(word.inner(), scope.deeper());
          }
        }
      }
    }
  }

  /** The programs of a pipeline, as far as there is time. */
  private List<Program> programs(Pipeline pipeline) {
    List<Program> programs = new ArrayList<>();
    for (Command command : pipeline.commands()) {
      if (reading.over()) {
        break;
      }
      programs.add(Program.of(command));
    }
    return programs;
  }

  private void forkBomb(String text, int start, int end) {
    int at = text.indexOf("(){");
    at = at < 0 ? text.indexOf("() {") : at;
    if (at > 0) {
      String name = text.substring(Math.max(0, at - 1), at);
      String rest = text.substring(at, Math.min(text.length(), at + 60)).replace(" ", "");
      if (rest.contains("{" + name + "|" + name + "&")) {
        reading.add("shell-fork-bomb", HIGH, 0.95, start, end);
      }
    }
  }

  private void command(Program program, Scope scope) {
    files.read(program, scope);
    system.read(program, scope);
    sockets.read(program, scope);
    if (program.name().equals("ssh")) {
      interpreters.remoteShell(program, scope);
    }
    WindowsRules.read(program, (r, s, c) -> reading.add(r, s, c, scope, program));
    interpreters.read(program, scope);
    redirects(program, scope);
    if (reading.readsSecret(program) && !NetworkRules.sendsAway(program)) {
      reading.add("shell-read-secret", HIGH, 0.85, scope, program);
    } else if (reading.reads(program, SensitivePath.NOTABLE) && !NetworkRules.sendsAway(program)) {
      reading.add("shell-read-system", MEDIUM, 0.75, scope, program);
    }
    if (NetworkRules.isNetcat(program)) {
      network = true;
    }
    if ((program.isShell() && program.hasFlag("i")) || program.runsItsInput()) {
      interactive = true;
    }
  }

  private void redirects(Program program, Scope scope) {
    List<Word> written = new ArrayList<>();
    for (Redirect redirect : program.command().redirects()) {
      String path = SensitivePath.plain(redirect.target().text());
      if (path.startsWith("/dev/tcp/") || path.startsWith("/dev/udp/")) {
        sockets.socket(program, path, scope);
      } else if (redirect.operator().contains(">")) {
        written.add(redirect.target());
      }
    }
    if (program.name().equals("tee")) {
      written.addAll(program.args());
    }
    for (Word word : written) {
      files.write(program, word, scope);
    }
  }
}
