package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.List;
import java.util.Set;

/**
 * What a simple command runs, with assignments and wrappers ({@code sudo}, {@code env}, {@code
 * timeout 5}, …) taken off.
 *
 * @param name lower-case, without folder, {@code .exe} and version number; empty where the command
 *     is only redirections or assignments
 * @param args the words after the name
 */
record Program(String name, List<Word> args, Command command) {
  private static final Set<String> WRAPPERS =
      Set.of(
          "sudo",
          "doas",
          "env",
          "nohup",
          "time",
          "nice",
          "ionice",
          "timeout",
          "exec",
          "command",
          "builtin",
          "stdbuf",
          "setsid",
          "busybox",
          "xargs",
          "watch",
          "then",
          "do",
          "else",
          "if",
          "while",
          "until",
          "!",
          "{",
          "start",
          "unbuffer",
          "chroot",
          "strace");

  private static final Set<String> SHELLS =
      Set.of("sh", "bash", "zsh", "dash", "ksh", "ash", "fish", "rbash", "csh", "tcsh");
  private static final Set<String> LANGUAGES =
      Set.of("python", "perl", "ruby", "node", "php", "lua", "deno", "bun", "osascript");
  private static final Set<String> POWERSHELLS = Set.of("powershell", "pwsh");
  private static final Set<String> DOWNLOADERS =
      Set.of(
          "curl",
          "wget",
          "fetch",
          "aria2c",
          "lynx",
          "http",
          "https",
          "xh",
          "iwr",
          "irm",
          "invoke-webrequest",
          "invoke-restmethod",
          "start-bitstransfer");

  static Program of(Command command) {
    List<Word> words = command.words();
    int i = 0;
    String wrapper = "";
    while (i < words.size()) {
      String word = words.get(i).text();
      boolean assignment = isAssignment(word) && !words.get(i).quoted();
      boolean option = !wrapper.isEmpty() && (word.startsWith("-") || isDuration(word));
      if (WRAPPERS.contains(name(word))) {
        wrapper = name(word);
      } else if (option && takesValue(wrapper, word)) {
        i++;
      } else if (!assignment && !option) {
        break;
      }
      i++;
    }
    if (i >= words.size()) {
      return new Program("", List.of(), command);
    }
    return new Program(name(words.get(i).text()), words.subList(i + 1, words.size()), command);
  }

  private static boolean isAssignment(String word) {
    int equals = word.indexOf('=');
    if (equals <= 0 || equals > 64 || Character.isDigit(word.charAt(0))) {
      return false;
    }
    for (int i = 0; i < equals; i++) {
      char c = word.charAt(i);
      if (!Character.isLetterOrDigit(c) && c != '_') {
        return false;
      }
    }
    return true;
  }

  private static boolean isDuration(String word) {
    int digits = 0;
    while (digits < word.length() && Character.isDigit(word.charAt(digits))) {
      digits++;
    }
    return digits > 0 && word.length() - digits <= 1;
  }

  private static boolean takesValue(String wrapper, String option) {
    Set<String> options =
        switch (wrapper) {
          case "sudo", "doas" -> Set.of("-u", "-g", "-h", "-p");
          case "nice", "ionice" -> Set.of("-n", "-c");
          case "xargs" -> Set.of("-I", "-L", "-P", "-n", "-d");
          case "timeout" -> Set.of("-k", "-s");
          case "env" -> Set.of("-u", "-C");
          case "exec" -> Set.of("-a");
          default -> Set.of();
        };
    return options.contains(option);
  }

  /** The last part of a path in lower case, without {@code .exe} and version. */
  static String name(String word) {
    if (word.length() > 256) {
      return "";
    }
    String name = word.replace('\\', '/');
    name = Letters.lower(name.substring(name.lastIndexOf('/') + 1));
    if (name.endsWith(".exe")) {
      name = name.substring(0, name.length() - 4);
    }
    if (name.startsWith("python")
        || name.startsWith("perl")
        || name.startsWith("ruby")
        || name.startsWith("php")
        || name.startsWith("lua")) {
      int end = name.length();
      while (end > 0 && (Character.isDigit(name.charAt(end - 1)) || name.charAt(end - 1) == '.')) {
        end--;
      }
      name = name.substring(0, end);
    }
    return name;
  }

  boolean isShell() {
    return SHELLS.contains(name);
  }

  boolean isPowerShell() {
    return POWERSHELLS.contains(name);
  }

  boolean isLanguage() {
    return LANGUAGES.contains(name);
  }

  boolean isDownloader() {
    return DOWNLOADERS.contains(name);
  }

  /** Whether it runs what comes in by its standard input. */
  boolean runsItsInput() {
    if (isShell()) {
      for (Word arg : args) {
        if (!arg.text().startsWith("-") && !arg.text().startsWith("+")) {
          return arg.text().equals("/dev/stdin") || hasFlag("s");
        }
        if (isCommandFlag(arg.text())) {
          return false;
        }
      }
      return true;
    }
    if (isLanguage()) {
      return args.isEmpty()
          || (args.get(0).text().equals("-") && !hasFlag("c"))
          || args.get(0).text().equals("/dev/stdin");
    }
    return name.equals("iex")
        || name.equals("invoke-expression")
        || (isPowerShell() && (args.isEmpty() || last().equals("-")));
  }

  private String last() {
    return args.get(args.size() - 1).text();
  }

  /** {@code -c}, also among others as in {@code -lc}. */
  static boolean isCommandFlag(String word) {
    return word.length() >= 2
        && word.length() <= 6
        && word.charAt(0) == '-'
        && word.charAt(1) != '-'
        && word.endsWith("c");
  }

  /** Whether a short option is given, alone or among others. */
  boolean hasFlag(String letter) {
    for (Word arg : args) {
      String text = arg.text();
      boolean flags = text.length() >= 2 && text.charAt(0) == '-' && text.charAt(1) != '-';
      if (flags && text.length() <= 8 && text.indexOf(letter, 1) > 0) {
        return true;
      }
    }
    return false;
  }

  boolean hasArg(String... wanted) {
    for (Word arg : args) {
      for (String word : wanted) {
        if (arg.text().equalsIgnoreCase(word)) {
          return true;
        }
      }
    }
    return false;
  }

  /** All arguments with single spaces, in lower case, at most {@code 8192} characters. */
  String line() {
    StringBuilder line = new StringBuilder();
    for (Word arg : args) {
      if (line.length() > 8192) {
        break;
      }
      line.append(arg.text(), 0, Math.min(arg.text().length(), 8192)).append(' ');
    }
    return Letters.lower(line.toString());
  }
}
