package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;

/**
 * Code in another language that a tool call carries: reverse shells, decoded code that is run, and
 * the shell commands that it starts, which are read as such.
 */
final class CodeStrings {
  private static final int MOST_CALLS = 200;
  private static final int DEEPEST = 3;

  private static final List<String> STARTERS =
      List.of(
          "os.system(",
          "os.popen(",
          "subprocess.run(",
          "subprocess.call(",
          "subprocess.popen(",
          "subprocess.check_output(",
          "subprocess.getoutput(",
          "child_process.exec(",
          "execsync(",
          "exec(",
          "shell_exec(",
          "passthru(",
          "system(",
          "popen(",
          "runtime.getruntime().exec(",
          "processbuilder(",
          "process.start(");

  private CodeStrings() {}

  /** Spans are characters of {@code code}. */
  static List<Danger> dangers(String code, InspectionBudget budget, int depth) {
    List<Danger> dangers = new ArrayList<>();
    String lower = Letters.lower(code);
    if (depth > DEEPEST) {
      return dangers;
    }
    reverseShell(lower, dangers);
    if (!budget.spent()) {
      decodedCode(lower, dangers);
    }
    int calls = 0;
    for (String starter : STARTERS) {
      if (budget.spent()) {
        break;
      }
      int at = lower.indexOf(starter);
      while (at >= 0 && calls++ < MOST_CALLS && !budget.spent()) {
        int from = at + starter.length();
        boolean whole = at == 0 || !Character.isLetterOrDigit(lower.charAt(at - 1));
        int end = whole ? command(code, from, depth, budget, dangers) : from;
        at = lower.indexOf(starter, end);
      }
    }
    return dangers;
  }

  private static void reverseShell(String code, List<Danger> out) {
    if (!code.contains("socket")
        && !code.contains("fsockopen")
        && !code.contains("net.")
        && !code.contains("/inet/tcp/")) {
      return;
    }
    boolean shell =
        code.contains("/bin/sh")
            || code.contains("/bin/bash")
            || code.contains("cmd.exe")
            || code.contains("pty.spawn")
            || code.contains("\"sh\"")
            || code.contains("'sh'");
    boolean python =
        code.contains("socket")
            && code.contains("connect")
            && (code.contains("dup2") || code.contains("pty.spawn"));
    boolean perl = code.contains("use socket") && code.contains("exec");
    boolean php = code.contains("fsockopen");
    boolean ruby = code.contains("tcpsocket");
    boolean node =
        code.contains("child_process") && code.contains("net.") && code.contains(".pipe(");
    boolean awk = code.contains("/inet/tcp/");
    if ((shell && (python || perl || php || ruby || node)) || (awk && code.contains("getline"))) {
      int at = Math.max(0, Math.max(code.indexOf("socket"), code.indexOf("connect")));
      out.add(Danger.shell("shell-reverse", CRITICAL, 0.95, at, Math.min(code.length(), at + 7)));
    }
  }

  private static void decodedCode(String code, List<Danger> out) {
    for (String decoder :
        List.of(
            "base64.b64decode(",
            "base64_decode(",
            "atob(",
            "buffer.from(",
            "bytes.fromhex(",
            "marshal.loads(",
            "zlib.decompress(")) {
      int at = code.indexOf(decoder);
      if (at < 0) {
        continue;
      }
      String before = code.substring(Math.max(0, at - 60), at);
      int run = Math.max(before.lastIndexOf("exec("), before.lastIndexOf("eval("));
      // Nothing may close in between: exec(x); b64decode(y) is two things.
      if (run >= 0 && before.indexOf(')', run) < 0 && before.indexOf('\n', run) < 0) {
        out.add(
            Danger.shell(
                "shell-decode-run",
                HIGH,
                0.85,
                at - (before.length() - run),
                at + decoder.length()));
        return;
      }
    }
  }

  /** Reads the string, or the list of strings, that a call begins with; returns the end of it. */
  private static int command(
      String code, int from, int depth, InspectionBudget budget, List<Danger> out) {
    int i = from;
    while (i < code.length() && i - from < 20 && " \n\t[(rfbu{".indexOf(code.charAt(i)) >= 0) {
      i++;
    }
    StringBuilder line = new StringBuilder();
    int end = i;
    boolean list = code.substring(from, i).indexOf('[') >= 0;
    while (end < code.length() && (code.charAt(end) == '"' || code.charAt(end) == '\'')) {
      int close = closing(code, end);
      line.append(code, end + 1, close).append(' ');
      end = Math.min(code.length(), close + 1);
      while (list && end < code.length() && ", \n".indexOf(code.charAt(end)) >= 0) {
        end++;
      }
    }
    if (line.length() > 0) {
      for (Danger danger : ShellRules.read(line.toString(), budget, depth + 1)) {
        out.add(danger.at(i, Math.max(i + 1, end)));
      }
    }
    return Math.max(from, end);
  }

  private static int closing(String code, int open) {
    char quote = code.charAt(open);
    int i = open + 1;
    int limit = Math.min(code.length(), open + 8192);
    while (i < limit && code.charAt(i) != quote) {
      i += code.charAt(i) == '\\' ? 2 : 1;
    }
    return Math.min(i, limit);
  }
}
