package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a path in an argument leads (CWE-22). Two steps up are how people name a neighbour; what
 * climbs to the root, hides its dots or names a key is not.
 */
final class PathRules {
  private static final int LONGEST = 8192;
  private static final int MOST_ROUNDS = 3;

  private PathRules() {}

  /** Whether a value without a telling name looks like a path. */
  static boolean looksLikePath(String text) {
    return text.length() <= LONGEST
        && text.indexOf('\n') < 0
        && (text.contains("../")
            || text.contains("..\\")
            || text.startsWith("/")
            || text.startsWith("~/")
            || text.startsWith("\\\\")
            || Letters.lower(text).contains("%2e%2e")
            || Letters.lower(text).contains("..%2f")
            || (text.length() > 2 && text.startsWith(":\\", 1)));
  }

  static List<Danger> path(String text) {
    if (text.isEmpty() || text.length() > LONGEST) {
      return List.of();
    }
    List<Danger> dangers = new ArrayList<>();
    String decoded = text;
    int rounds = 0;
    boolean overlong = false;
    for (; rounds < MOST_ROUNDS; rounds++) {
      String lower = Letters.lower(decoded);
      overlong |= lower.contains("%c0%ae") || lower.contains("%c0%af") || lower.contains("%u2215");
      String next = once(decoded);
      if (next.equals(decoded)) {
        break;
      }
      decoded = next;
    }
    int end = text.length();
    if (decoded.indexOf('\0') >= 0) {
      dangers.add(Danger.path("path-nul", HIGH, 0.9, 0, end));
    }
    Climb climb = climb(decoded);
    SensitivePath level = SensitivePath.of(target(decoded));
    boolean hidden = overlong || climb.disguised() || (climb.total() > 0 && isHidden(text, rounds));
    if (climb.total() > 0 && level.compareTo(SensitivePath.NOTABLE) >= 0) {
      dangers.add(Danger.path("path-traversal", HIGH, 0.95, 0, end));
    } else if (hidden) {
      dangers.add(Danger.path("path-hidden", HIGH, 0.85, 0, end));
    } else if (climb.above() >= 4 || (climb.inside() && climb.above() >= 2)) {
      dangers.add(Danger.path("path-traversal", MEDIUM, 0.75, 0, end));
    } else if (climb.above() == 3) {
      dangers.add(Danger.path("path-traversal", LOW, 0.6, 0, end));
    } else if (level == SensitivePath.SECRET) {
      dangers.add(Danger.path("path-secret", HIGH, 0.85, 0, end));
    } else if (level == SensitivePath.NOTABLE) {
      dangers.add(Danger.path("path-system", MEDIUM, 0.8, 0, end));
    } else if (level == SensitivePath.MINOR) {
      dangers.add(Danger.path("path-minor", LOW, 0.6, 0, end));
    }
    if (isShare(text)) {
      dangers.add(Danger.path("path-share", MEDIUM, 0.6, 0, end));
    }
    return dangers;
  }

  /** Percent-encoding undone once, overlong UTF-8 of a dot or slash included. */
  private static String once(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (text.regionMatches(true, i, "%c0%ae", 0, 6)) {
        out.append('.');
        i += 5;
      } else if (text.regionMatches(true, i, "%c0%af", 0, 6)
          || text.regionMatches(true, i, "%u2215", 0, 6)) {
        out.append('/');
        i += 5;
      } else if (text.charAt(i) == '%'
          && i + 2 < text.length()
          && Character.digit(text.charAt(i + 1), 16) >= 0
          && Character.digit(text.charAt(i + 2), 16) >= 0) {
        out.append(
            (char)
                ((Character.digit(text.charAt(i + 1), 16) << 4)
                    | Character.digit(text.charAt(i + 2), 16)));
        i += 2;
      } else {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }

  /** Whether the dots or the slashes of the climb were encoded: nobody names a file so. */
  private static boolean isHidden(String text, int rounds) {
    String lower = Letters.lower(text);
    return rounds > 0
        && (lower.contains("%2e")
            || lower.contains("..%2f")
            || lower.contains("..%5c")
            || lower.contains("%252f")
            || lower.contains("%255c"));
  }

  /**
   * How a path climbs.
   *
   * @param total parts that are {@code ..}
   * @param above how far it comes above where it began
   * @param inside whether it went down first, which only a check of the beginning asks for
   * @param disguised whether parts like {@code ....} or {@code ..;} were used
   */
  private record Climb(int total, int above, boolean inside, boolean disguised) {}

  private static Climb climb(String path) {
    int total = 0;
    int depth = 0;
    int lowest = 0;
    boolean inside = false;
    boolean disguised = false;
    int at = 0;
    while (at <= path.length()) {
      int end = at;
      while (end < path.length() && path.charAt(end) != '/' && path.charAt(end) != '\\') {
        end++;
      }
      String part = path.substring(at, end);
      boolean last = end >= path.length();
      if (part.equals("..")) {
        total++;
        inside |= depth > 0;
        depth--;
        lowest = Math.min(lowest, depth);
      } else if (part.equals("..;") || (part.equals("....") && !last)) {
        total++;
        disguised = true;
        depth--;
      } else if (!part.isEmpty() && !part.equals(".")) {
        depth++;
      }
      at = end + 1;
    }
    return new Climb(total, -lowest, inside, disguised);
  }

  /** The path with a slash for what it climbed: {@code ../../etc/passwd} is {@code /etc/passwd}. */
  private static String target(String path) {
    String slashed = path.replace('\\', '/').replace("\0", "");
    int climbed = Math.max(slashed.lastIndexOf("../"), slashed.lastIndexOf("..;/"));
    int cut = climbed < 0 ? 0 : slashed.indexOf('/', climbed);
    String rest = slashed.substring(cut);
    boolean absolute = rest.startsWith("/") || rest.startsWith("~") || rest.startsWith("$");
    return absolute || rest.indexOf(':') == 1 ? rest : "/" + rest;
  }

  /** {@code \\host\share}: opening it hands a hash of the account to the host. */
  private static boolean isShare(String text) {
    return text.startsWith("\\\\")
        && text.length() > 4
        && Character.isLetterOrDigit(text.charAt(2))
        && text.indexOf('\\', 3) > 0
        && text.indexOf(' ') < 0;
  }
}
