package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.Severity;
import java.util.Set;

/**
 * Programs of Windows that do an attacker's work (MITRE ATT&amp;CK T1218, T1105, T1490; LOLBAS
 * project for the names).
 */
final class WindowsRules {
  private static final Set<String> DELETERS =
      Set.of("del", "erase", "rd", "rmdir", "remove-item", "ri");

  private WindowsRules() {}

  /** Takes a finding on the command. */
  interface Sink {
    void add(String rule, Severity severity, double confidence);
  }

  static void read(Program program, Sink sink) {
    String line = program.line();
    switch (program.name()) {
      case "certutil" -> {
        if (line.contains("urlcache") || line.contains("verifyctl") || line.contains("http")) {
          sink.add("shell-windows-download", HIGH, 0.9);
        } else if (line.contains("-decode") || line.contains("/decode")) {
          sink.add("shell-windows-decode", MEDIUM, 0.7);
        }
      }
      case "bitsadmin" -> {
        if (line.contains("/transfer") || line.contains("/addfile")) {
          sink.add("shell-windows-download", HIGH, 0.85);
        }
      }
      case "mshta", "rundll32", "regsvr32", "cmstp", "msiexec" -> {
        boolean remote = line.contains("http:") || line.contains("https:") || line.contains("\\\\");
        boolean script = line.contains("javascript:") || line.contains("vbscript:");
        if (script || remote) {
          sink.add("shell-windows-proxy", program.name().equals("msiexec") ? MEDIUM : HIGH, 0.85);
        }
      }
      case "wmic" -> {
        if (line.contains("process call create") || line.contains("shadowcopy delete")) {
          sink.add("shell-windows-wmic", HIGH, 0.8);
        }
      }
      case "vssadmin", "wbadmin" -> {
        if (line.contains("delete")) {
          sink.add("shell-windows-backups", CRITICAL, 0.9);
        }
      }
      case "bcdedit" -> {
        if (line.contains("recoveryenabled no") || line.contains("ignoreallfailures")) {
          sink.add("shell-windows-backups", HIGH, 0.9);
        }
      }
      case "reg" -> registry(line, sink);
      case "schtasks" -> {
        if (line.contains("/create")) {
          sink.add("shell-persist", MEDIUM, 0.75);
        }
      }
      case "net", "net1" -> {
        if (line.contains("/add") && line.contains("administrators")) {
          sink.add("shell-account", HIGH, 0.9);
        } else if (line.startsWith("user ") && line.contains("/add")) {
          sink.add("shell-account", MEDIUM, 0.8);
        }
      }
      case "set-mppreference", "add-mppreference" -> {
        if (line.contains("disable") || line.contains("exclusion")) {
          sink.add("shell-switch-off-defences", HIGH, 0.85);
        }
      }
      case "netsh" -> {
        if (line.contains("firewall") && line.contains("off")) {
          sink.add("shell-switch-off-defences", MEDIUM, 0.8);
        }
      }
      case "wevtutil", "clear-eventlog" -> {
        if (program.name().equals("clear-eventlog") || line.startsWith("cl ")) {
          sink.add("shell-hide-traces", MEDIUM, 0.8);
        }
      }
      case "mimikatz", "invoke-mimikatz", "procdump" -> {
        if (!program.name().equals("procdump") || line.contains("lsass")) {
          sink.add("shell-read-secret", CRITICAL, 0.95);
        }
      }
      case "format" -> {
        if (line.length() >= 2 && line.charAt(1) == ':') {
          sink.add("shell-destroy-disk", HIGH, 0.85);
        }
      }
      default -> {
        if (DELETERS.contains(program.name())) {
          delete(line, sink);
        }
      }
    }
  }

  private static void registry(String line, Sink sink) {
    if (line.startsWith("save")
        && (line.contains("\\sam") || line.contains("\\system") || line.contains("\\security"))) {
      sink.add("shell-read-secret", HIGH, 0.9);
    } else if (line.startsWith("add") && line.contains("currentversion\\run")) {
      sink.add("shell-persist", HIGH, 0.85);
    } else if (line.startsWith("add") && line.contains("disableantispyware")) {
      sink.add("shell-switch-off-defences", HIGH, 0.85);
    }
  }

  private static void delete(String line, Sink sink) {
    boolean recursive = line.contains("/s") || line.contains("-recurse") || line.contains("-r ");
    String drive = line.replace('/', '\\');
    for (String target : new String[] {"c:\\ ", "c:\\* ", "c:\\windows ", "c:\\users "}) {
      if (recursive && drive.contains(target)) {
        sink.add("shell-destroy-files", CRITICAL, 0.9);
        return;
      }
    }
  }
}
