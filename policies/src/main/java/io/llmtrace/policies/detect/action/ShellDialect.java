package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.parse.Letters;
import java.util.List;

/** Which family of shells a command line is for, and with it how its escapes are meant. */
enum ShellDialect {
  /** A backslash takes the meaning of the next character. */
  POSIX,
  /** cmd.exe and PowerShell: a backslash belongs to a path, {@code ^} and a backtick escape. */
  WINDOWS;

  private static final List<String> WINDOWS_MARKS =
      List.of(
          "powershell",
          "pwsh",
          "cmd /",
          "cmd.exe",
          "certutil",
          "bitsadmin",
          "schtasks",
          "vssadmin",
          "wmic ",
          "mshta",
          "regsvr32",
          "rundll32",
          "reg add",
          "reg save",
          "net user",
          "net localgroup",
          "invoke-",
          "iex ",
          "iex(",
          "new-object",
          "remove-item",
          "set-mppreference",
          "start-process",
          "%appdata%",
          "%userprofile%",
          "$env:");

  /** {@link #WINDOWS} when the text names one of its programs or has a drive letter. */
  static ShellDialect of(String text) {
    String head = Letters.lower(text.substring(0, Math.min(text.length(), 4096)));
    for (String mark : WINDOWS_MARKS) {
      int at = head.indexOf(mark);
      if (at == 0 || (at > 0 && !Character.isLetterOrDigit(head.charAt(at - 1)))) {
        return WINDOWS;
      }
    }
    for (int i = head.indexOf(":\\"); i >= 0; i = head.indexOf(":\\", i + 1)) {
      boolean drive = i > 0 && Character.isLetter(head.charAt(i - 1));
      if (drive && (i == 1 || !Character.isLetterOrDigit(head.charAt(i - 2)))) {
        return WINDOWS;
      }
    }
    return POSIX;
  }
}
