package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.HIGH;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.parse.Host;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Commands behind a value that is none: {@code 8.8.8.8; cat /etc/passwd} where an address was asked
 * for. A mark alone proves nothing ("salt; pepper"): a known program with arguments like a shell's
 * has to follow.
 */
final class InjectedCommands {
  private static final int LONGEST = 512;

  /** More lines are a text, and its lines are no commands. */
  private static final int MOST_LINES = 3;

  private static final Set<String> PROGRAMS =
      Set.of(
          "cat",
          "curl",
          "wget",
          "nc",
          "ncat",
          "bash",
          "sh",
          "zsh",
          "rm",
          "ls",
          "id",
          "whoami",
          "uname",
          "ping",
          "sleep",
          "echo",
          "python",
          "perl",
          "ruby",
          "php",
          "node",
          "powershell",
          "pwsh",
          "cmd",
          "chmod",
          "chown",
          "cp",
          "mv",
          "dd",
          "env",
          "printenv",
          "ps",
          "netstat",
          "ifconfig",
          "ipconfig",
          "hostname",
          "pwd",
          "dir",
          "type",
          "net",
          "nslookup",
          "dig",
          "touch",
          "mkdir",
          "tar",
          "base64",
          "head",
          "tail",
          "grep",
          "find",
          "kill",
          "shutdown",
          "reboot",
          "crontab",
          "useradd",
          "ssh",
          "scp",
          "telnet",
          "ftp",
          "tftp",
          "mkfifo",
          "certutil",
          "del",
          "sudo",
          "su",
          "tee",
          "awk",
          "sed",
          "mail",
          "nmap",
          "socat",
          "systemctl",
          "halt",
          "poweroff");

  /** Programs that attackers run first, and that are no words of any language. */
  private static final Set<String> TELLTALE =
      Set.of("whoami", "uname", "ifconfig", "ipconfig", "netstat", "printenv");

  private static final Set<String> BARE =
      Set.of("id", "ls", "ps", "env", "dir", "pwd", "hostname", "reboot", "shutdown", "halt");

  private InjectedCommands() {}

  static List<Danger> find(String text, InspectionBudget budget) {
    int mark = firstMark(text);
    if (text.length() > LONGEST || mark < 0 || hasLines(text, MOST_LINES)) {
      return List.of();
    }
    Danger danger = find(text, 0, text.substring(0, mark), budget);
    for (char quote : new char[] {'\'', '"'}) {
      int at = text.indexOf(quote);
      // "x'; id #": the quote closes one that the program opened, and the rest is outside of it.
      boolean odd = at >= 0 && text.chars().filter(c -> c == quote).count() % 2 == 1;
      String rest = odd ? text.substring(at + 1) : "";
      if (danger == null && startsWithMark(rest)) {
        danger = find(rest, at + 1, "", budget);
      }
    }
    return danger == null ? List.of() : List.of(danger);
  }

  /** Whether a text has more than so many lines. */
  static boolean hasLines(String text, int most) {
    int breaks = 0;
    for (int i = text.indexOf('\n'); i >= 0 && breaks <= most; i = text.indexOf('\n', i + 1)) {
      breaks++;
    }
    return breaks >= most;
  }

  private static int firstMark(String text) {
    for (int i = 0; i < Math.min(text.length(), LONGEST); i++) {
      char c = text.charAt(i);
      boolean opens = (c == '$' || c == '<' || c == '>') && text.startsWith("(", i + 1);
      if (opens || ";|&`\n".indexOf(c) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Looks for a command behind the first one.
   *
   * @param head what stands before the first mark
   */
  private static @Nullable Danger find(
      String text, int offset, String head, InspectionBudget budget) {
    boolean first = !startsWithMark(text);
    for (Pipeline pipeline : ShellParser.parse(text, ShellDialect.POSIX, budget)) {
      for (Command command : pipeline.commands()) {
        Danger inner = substituted(command, offset, text.length());
        if (inner != null) {
          return inner;
        }
        if (!first && isCommand(command, head)) {
          return danger(command, offset);
        }
        first = false;
      }
    }
    return null;
  }

  private static boolean startsWithMark(String text) {
    String stripped = text.stripLeading();
    return !text.isEmpty() && (stripped.isEmpty() || ";|&\n".indexOf(stripped.charAt(0)) >= 0);
  }

  private static Danger danger(Command command, int offset) {
    return Danger.shell(
        "shell-injected", HIGH, 0.85, offset + command.start(), offset + command.end());
  }

  /** {@code $(…)} and backticks, where the text around them is no prose with code in it. */
  private static @Nullable Danger substituted(Command command, int offset, int length) {
    if (command.words().size() > 4) {
      return null;
    }
    for (Word word : command.words()) {
      for (Pipeline pipeline : word.inner()) {
        for (Command inner : pipeline.commands()) {
          Program program = Program.of(inner);
          boolean dollar = word.text().contains("$(") || word.text().startsWith("<(");
          boolean known = PROGRAMS.contains(program.name());
          boolean bare = TELLTALE.contains(program.name()) || BARE.contains(program.name());
          if (known && (likeShell(program) || (bare && (dollar || command.words().size() == 1)))) {
            return Danger.shell(
                "shell-injected",
                HIGH,
                0.85,
                offset + word.start(),
                Math.min(offset + length, offset + word.end()));
          }
        }
      }
    }
    return null;
  }

  private static boolean isCommand(Command command, String head) {
    if (words(head) > 4) {
      return false;
    }
    Program program = Program.of(command);
    if (!PROGRAMS.contains(program.name())) {
      return false;
    }
    if (likeShell(program)) {
      return true;
    }
    boolean alone = program.args().isEmpty();
    return (alone && TELLTALE.contains(program.name()))
        || (alone && BARE.contains(program.name()) && isMachineValue(head));
  }

  private static int words(String text) {
    String stripped = text.strip();
    return stripped.isEmpty() ? 0 : stripped.split("\\s+", 8).length;
  }

  /** An address, a file or nothing: after those a bare {@code id} is no word. */
  private static boolean isMachineValue(String head) {
    String value = head.strip();
    return value.isEmpty()
        || Host.isAddress(value)
        || (value.indexOf(' ') < 0 && (value.indexOf('.') > 0 || value.indexOf('/') >= 0));
  }

  private static boolean likeShell(Program program) {
    for (Word arg : program.args()) {
      String text = arg.text();
      if (text.isEmpty()) {
        continue;
      }
      boolean shell =
          (text.charAt(0) == '-' && text.length() > 1 && Character.isLetter(text.charAt(1)))
              || text.charAt(0) == '/'
              || text.charAt(0) == '~'
              || text.startsWith("./")
              || text.startsWith("../")
              || text.charAt(0) == '$'
              || text.contains("://")
              || (text.indexOf('.') > 0 && Host.isAddress(text))
              || (program.name().equals("sleep") && isNumber(text));
      if (shell) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNumber(String text) {
    return text.length() < 6 && text.chars().allMatch(Character::isDigit);
  }
}
