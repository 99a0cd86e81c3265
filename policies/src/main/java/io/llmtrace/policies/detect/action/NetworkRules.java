package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.action.ShellReading.Scope;
import io.llmtrace.policies.detect.parse.Host;
import io.llmtrace.policies.detect.parse.WebAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Commands that speak to other machines: downloads that are run (T1105), uploads of secrets, names
 * that carry data, shells at the other end of a socket (T1059).
 */
final class NetworkRules {
  private final ShellReading reading;

  NetworkRules(ShellReading reading) {
    this.reading = reading;
  }

  void read(Program program, Scope scope) {
    switch (program.name()) {
      case "curl", "wget", "http", "https" -> upload(program, scope);
      case "nslookup", "dig", "host", "ping" -> substitutionInName(program, scope);
      case "nc", "ncat", "netcat", "nc.traditional", "socat", "telnet" -> netcat(program, scope);
      default -> {
        // Of another family.
      }
    }
  }

  /** What is fetched from an address and run. */
  void runsDownload(String url, int from, int to) {
    Optional<WebAddress> address = WebAddress.parse(url);
    if (address.isPresent() && Installers.isKnown(address.get())) {
      reading.add("shell-known-installer", LOW, 0.6, from, to);
      return;
    }
    boolean bare =
        address.isPresent()
            && (address.get().scheme().equals("http") || Host.isAddress(address.get().host()));
    reading.add("shell-download-run", bare ? CRITICAL : HIGH, 0.9, from, to);
  }

  /** {@code -d @file}, {@code -F f=@file}, {@code -T file}, {@code --post-file=file}. */
  private void upload(Program program, Scope scope) {
    List<Word> args = program.args();
    String before = "";
    for (Word arg : args) {
      if (reading.over()) {
        return;
      }
      String text = arg.text();
      int at = text.indexOf('@');
      boolean data =
          (at >= 0
              && (isDataFlag(before)
                  || text.startsWith("-d@")
                  || text.startsWith("-F")
                  || text.startsWith("--data")
                  || text.startsWith("--form")));
      String file =
          data
              ? text.substring(at + 1)
              : before.equals("-T") || before.equals("--upload-file")
                  ? text
                  : text.startsWith("--post-file=") || text.startsWith("--body-file=")
                      ? text.substring(text.indexOf('=') + 1)
                      : "";
      SensitivePath level = SensitivePath.of(file);
      int from = scope.from(program.command().start());
      int to = scope.to(program.command().end());
      if (level == SensitivePath.SECRET || level == SensitivePath.NOTABLE) {
        reading.leak("shell-send-secret", CRITICAL, 0.9, from, to);
      } else if (level == SensitivePath.MINOR) {
        reading.leak("shell-send-secret", HIGH, 0.85, from, to);
      }
      if (leakingSubstitution(arg)) {
        reading.leak("shell-send-output", HIGH, 0.85, from, to);
      }
      before = text;
    }
  }

  private static boolean isDataFlag(String flag) {
    return flag.equals("-d")
        || flag.equals("-F")
        || flag.startsWith("--data")
        || flag.startsWith("--form");
  }

  /** A substitution whose output is a secret or tells of the machine. */
  private boolean leakingSubstitution(Word word) {
    for (Pipeline pipeline : word.inner()) {
      for (Command command : pipeline.commands()) {
        Program program = Program.of(command);
        boolean tells =
            Set.of("whoami", "id", "hostname", "uname", "env", "printenv", "ifconfig", "history")
                .contains(program.name());
        if (reading.readsSecret(program)
            || reading.reads(program, SensitivePath.NOTABLE)
            || reading.reads(program, SensitivePath.MINOR)
            || tells) {
          return true;
        }
      }
    }
    return false;
  }

  private void substitutionInName(Program program, Scope scope) {
    for (Word arg : program.args()) {
      if (leakingSubstitution(arg)) {
        reading.leak(
            "shell-send-by-dns",
            HIGH,
            0.9,
            scope.from(program.command().start()),
            scope.to(program.command().end()));
        return;
      }
    }
  }

  static boolean isNetcat(Program program) {
    return Set.of("nc", "ncat", "netcat", "nc.traditional", "socat").contains(program.name());
  }

  private void netcat(Program program, Scope scope) {
    String line = program.line();
    boolean runs =
        (isNetcat(program)
                && !program.name().equals("socat")
                && (shortFlag(program, 'e')
                    || line.contains("--exec")
                    || line.contains("--sh-exec")
                    || (shortFlag(program, 'c') && line.contains("sh"))))
            || (program.name().equals("socat")
                && (line.contains("exec:") || line.contains("system:")));
    if (runs) {
      reading.add("shell-reverse", CRITICAL, 0.95, scope, program);
    }
  }

  private static boolean shortFlag(Program program, char letter) {
    for (Word arg : program.args()) {
      String text = arg.text();
      if (text.length() >= 2
          && text.length() <= 6
          && text.charAt(0) == '-'
          && text.charAt(1) != '-'
          && text.indexOf(letter) > 0) {
        return true;
      }
    }
    return false;
  }

  /** Waiting for a port is what most scripts use this for; a shell at the other end is not. */
  void socket(Program program, String path, Scope scope) {
    boolean shell = program.isShell() || program.name().isEmpty() || program.name().equals("exec");
    String[] parts = path.split("/", -1);
    boolean inside = parts.length > 3 && Host.of(parts[3]).reach().isInside();
    if (shell && program.hasFlag("i")) {
      reading.add("shell-reverse", CRITICAL, 0.95, scope, program);
    } else if (reading.readsSecret(program) || reading.reads(program, SensitivePath.NOTABLE)) {
      reading.add("shell-send-secret", CRITICAL, 0.9, scope, program);
    } else if (program.command().words().stream().anyMatch(w -> w.text().equals("exec"))
        && !inside) {
      reading.add("shell-reverse", HIGH, 0.8, scope, program);
    } else if (!inside && !Set.of("echo", "", ":", "true", "printf").contains(program.name())) {
      reading.add("shell-socket", MEDIUM, 0.6, scope, program);
    }
  }

  static boolean sendsAway(Program program) {
    return isNetcat(program)
        || Set.of("telnet", "ftp", "tftp", "mail", "mailx", "sendmail", "scp")
            .contains(program.name())
        || (Set.of("curl", "wget").contains(program.name())
            && (program.line().contains("-d")
                || program.line().contains("-t ")
                || program.line().contains("-f ")
                || program.line().contains("--upload-file")
                || program.line().contains("--post")));
  }
}
