package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.action.ShellReading.Scope;

/**
 * Commands that administer a machine: timers (T1053), accounts, defences and traces (T1562, T1070),
 * containers, kernel modules, key chains (T1552).
 */
final class SystemRules {
  private final ShellReading reading;

  SystemRules(ShellReading reading) {
    this.reading = reading;
  }

  void read(Program program, Scope scope) {
    switch (program.name()) {
      case "crontab" -> cron(program, scope);
      case "history" -> {
        if (program.hasFlag("c")) {
          reading.add("shell-hide-traces", MEDIUM, 0.7, scope, program);
        }
      }
      case "unset" -> {
        if (program.hasArg("HISTFILE")) {
          reading.add("shell-hide-traces", MEDIUM, 0.8, scope, program);
        }
      }
      case "setenforce", "ufw", "iptables", "systemctl", "service", "auditctl" ->
          defences(program, scope);
      case "useradd", "adduser", "usermod", "visudo", "passwd", "chpasswd" ->
          accounts(program, scope);
      case "insmod" -> reading.add("shell-kernel-module", MEDIUM, 0.7, scope, program);
      case "docker", "podman", "nerdctl", "nsenter" -> container(program, scope);
      case "security" -> {
        if (program.line().contains("dump-keychain")
            || program.line().contains("find-generic-password")) {
          reading.add("shell-read-secret", HIGH, 0.8, scope, program);
        }
      }
      default -> {
        // Of another family.
      }
    }
  }

  private void cron(Program program, Scope scope) {
    if (program.hasFlag("r")) {
      reading.add("shell-remove-cron", MEDIUM, 0.7, scope, program);
    } else if (program.args().stream()
        .anyMatch(a -> !a.text().startsWith("-") || a.text().equals("-"))) {
      reading.add("shell-persist", MEDIUM, 0.75, scope, program);
    }
  }

  private void defences(Program program, Scope scope) {
    String line = program.line();
    boolean off =
        switch (program.name()) {
          case "setenforce" -> line.startsWith("0");
          case "ufw" -> line.startsWith("disable");
          case "iptables" -> line.startsWith("-f ") || line.startsWith("--flush");
          case "auditctl" -> line.contains("-e 0") || line.contains("-d ");
          default ->
              (line.contains("stop ") || line.contains("disable "))
                  && (line.contains("auditd")
                      || line.contains("falco")
                      || line.contains("firewalld")
                      || line.contains("apparmor")
                      || line.contains("crowdstrike")
                      || line.contains("syslog")
                      || line.contains("fail2ban"));
        };
    if (off) {
      reading.add("shell-switch-off-defences", MEDIUM, 0.75, scope, program);
    }
  }

  private void accounts(Program program, Scope scope) {
    String line = program.line();
    boolean root = line.contains("-u 0") || line.contains("sudo") || line.contains("wheel");
    if (root || program.name().equals("chpasswd")) {
      reading.add("shell-account", root ? HIGH : MEDIUM, 0.75, scope, program);
    }
  }

  private void container(Program program, Scope scope) {
    String line = program.line();
    if (program.name().equals("nsenter")) {
      if (line.contains("-t 1 ") || line.contains("--target 1 ")) {
        reading.add("shell-container-escape", HIGH, 0.85, scope, program);
      }
      return;
    }
    boolean host =
        line.contains("-v /:/")
            || line.contains("--volume /:/")
            || line.contains("--volume=/:/")
            || line.contains("source=/,");
    if (host) {
      reading.add("shell-container-escape", HIGH, 0.8, scope, program);
    } else if (line.contains("--privileged")) {
      reading.add("shell-container-escape", MEDIUM, 0.6, scope, program);
    }
  }
}
