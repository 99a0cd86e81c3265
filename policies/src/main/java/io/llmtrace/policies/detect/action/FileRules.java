package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.action.ShellReading.Scope;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Commands that destroy files and disks (T1485, T1561), change whose they are, or write where
 * something is started from (T1098.004, T1546.004).
 */
final class FileRules {
  private final ShellReading reading;
  private final BiConsumer<Program, Scope> commands;

  /**
   * @param commands reads a command that another one runs, as {@code find -exec} does
   */
  FileRules(ShellReading reading, BiConsumer<Program, Scope> commands) {
    this.reading = reading;
    this.commands = commands;
  }

  void read(Program program, Scope scope) {
    switch (program.name()) {
      case "rm", "unlink", "shred", "srm" -> remove(program, scope);
      case "find" -> find(program, scope);
      case "dd" -> {
        if (program.line().contains("of=/dev/")
            && ShellFiles.isDisk(after(program.line(), "of="))) {
          reading.add("shell-destroy-disk", HIGH, 0.95, scope, program);
        }
      }
      case "wipefs", "blkdiscard", "mkswap" ->
          reading.add("shell-destroy-disk", HIGH, 0.85, scope, program);
      case "chmod", "chown" -> rights(program, scope);
      default -> {
        if (program.name().startsWith("mkfs")) {
          reading.add("shell-destroy-disk", HIGH, 0.9, scope, program);
        }
      }
    }
  }

  private void remove(Program program, Scope scope) {
    boolean recursive =
        program.hasFlag("r")
            || program.hasFlag("R")
            || program.hasArg("--recursive", "--no-preserve-root");
    for (Word arg : program.args()) {
      if (reading.over()) {
        return;
      }
      Severity severity = recursive ? ShellFiles.treeSeverity(arg.text()) : LOW;
      if (severity == CRITICAL) {
        reading.add("shell-destroy-files", CRITICAL, 0.95, scope, program);
        return;
      }
      if (severity == MEDIUM) {
        reading.add("shell-destroy-files", MEDIUM, 0.7, scope, program);
        return;
      }
      String path = SensitivePath.plain(arg.text());
      if (path.startsWith("/var/log") || path.endsWith("_history")) {
        reading.add("shell-hide-traces", MEDIUM, 0.75, scope, program);
        return;
      }
      if (program.name().equals("shred") && ShellFiles.isDisk(path)) {
        reading.add("shell-destroy-disk", HIGH, 0.9, scope, program);
        return;
      }
    }
  }

  private void find(Program program, Scope scope) {
    List<Word> args = program.args();
    boolean deletes = program.hasArg("-delete");
    for (int i = 0; i < args.size() && !reading.over(); i++) {
      String arg = args.get(i).text();
      boolean runs = arg.equals("-exec") || arg.equals("-execdir");
      if (runs && scope.depth() < ShellReading.DEEPEST) {
        Command inner =
            new Command(
                args.subList(i + 1, args.size()),
                List.of(),
                program.command().start(),
                program.command().end());
        commands.accept(Program.of(inner), scope.deeper());
        break;
      }
      if (deletes
          && !arg.startsWith("-")
          && i == 0
          && ShellFiles.treeSeverity(arg) == CRITICAL
          && !program.hasArg("-name", "-iname", "-path", "-mtime", "-mmin")) {
        reading.add("shell-destroy-files", CRITICAL, 0.9, scope, program);
      }
    }
  }

  private static String after(String line, String mark) {
    return line.substring(line.indexOf(mark) + mark.length());
  }

  private void rights(Program program, Scope scope) {
    boolean root = false;
    for (Word arg : program.args()) {
      if (reading.over()) {
        return;
      }
      String path = SensitivePath.plain(arg.text());
      root |= ShellFiles.treeSeverity(path) == CRITICAL;
      if (program.name().equals("chmod")
          && (arg.text().equals("u+s")
              || arg.text().equals("+s")
              || ShellFiles.isSetuid(arg.text()))) {
        reading.add("shell-raise-rights", HIGH, 0.8, scope, program);
        return;
      }
      if (path.equals("/etc/shadow") || path.equals("/etc/sudoers") || path.equals("/etc/passwd")) {
        reading.add("shell-raise-rights", HIGH, 0.8, scope, program);
        return;
      }
    }
    if (root && (program.hasFlag("R") || program.hasArg("--recursive"))) {
      reading.add("shell-destroy-rights", HIGH, 0.85, scope, program);
    }
  }

  /** What a redirection or {@code tee} writes to. */
  void write(Program program, Word target, Scope scope) {
    String path = SensitivePath.plain(target.text());
    if (ShellFiles.isDisk(path)) {
      reading.add("shell-destroy-disk", HIGH, 0.95, scope, program);
    } else if (path.endsWith("/authorized_keys") || path.equals("authorized_keys")) {
      reading.add("shell-persist", HIGH, 0.9, scope, program);
    } else if (path.startsWith("/etc/passwd")
        || path.startsWith("/etc/shadow")
        || path.startsWith("/etc/sudoers")
        || path.equals("/etc/ld.so.preload")) {
      reading.add("shell-raise-rights", HIGH, 0.9, scope, program);
    } else if (path.startsWith("/etc/cron") || path.startsWith("/var/spool/cron")) {
      reading.add("shell-persist", MEDIUM, 0.75, scope, program);
    } else if (ShellFiles.isStartFile(path) && ShellFiles.carriesPayload(program)) {
      reading.add("shell-persist", HIGH, 0.85, scope, program);
    } else if (path.startsWith("/etc/systemd/system/") || path.startsWith("/etc/init.d/")) {
      reading.add("shell-persist", MEDIUM, 0.6, scope, program);
    }
  }
}
