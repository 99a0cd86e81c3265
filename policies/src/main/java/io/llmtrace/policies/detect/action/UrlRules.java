package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Host;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.detect.parse.WebAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where an address in an argument leads (CWE-918; OWASP SSRF prevention cheat sheet). Nothing is
 * resolved: what a name says of itself has to do, and the receipt of a proxy must do the rest.
 */
final class UrlRules {
  private static final int MOST_URLS = 200;

  private static final Set<String> LOCAL_SCHEMES = Set.of("file", "netdoc", "jar", "local_file");
  private static final Set<String> SMUGGLING_SCHEMES =
      Set.of("gopher", "dict", "php", "phar", "expect", "glob", "jndi");
  private static final Set<String> RARE_SCHEMES = Set.of("ldap", "ldaps", "tftp", "smb");

  /** Ports that an agent's own development server listens on. */
  private static final Set<Integer> DEVELOPMENT_PORTS =
      Set.of(3000, 3001, 4000, 4200, 5000, 5001, 5173, 6006, 8000, 8080, 8081, 8501, 8888, 9000);

  private static final Set<Integer> ADMIN_PORTS =
      Set.of(
          22, 2375, 2376, 2379, 3306, 4243, 5432, 5984, 6379, 8500, 9200, 10250, 10255, 11211,
          27017);

  private UrlRules() {}

  /** Reads an argument that is one address. */
  static List<Danger> address(String text) {
    String trimmed = text.strip();
    Optional<WebAddress> address = WebAddress.parse(trimmed);
    if (address.isEmpty()) {
      // A tool that wants an address often takes a bare host.
      return bareHost(trimmed);
    }
    return check(address.get(), 0, text.length(), 0);
  }

  /** Reads the addresses inside a longer text, for example a command line. */
  static List<Danger> inside(String text, InspectionBudget budget) {
    List<Danger> dangers = new ArrayList<>();
    int urls = 0;
    int steps = 0;
    for (int i = text.indexOf(':'); i >= 0; i = text.indexOf(':', i + 1)) {
      if ((++steps & 1023) == 0 && budget.spent()) {
        break;
      }
      boolean slashes = text.startsWith("://", i) || text.startsWith(":\\\\", i);
      int start = slashes ? schemeStart(text, i) : i;
      if (start == i) {
        continue;
      }
      if (++urls > MOST_URLS) {
        budget.leaveOut();
        break;
      }
      if (budget.spent()) {
        break;
      }
      int end = i;
      while (end < text.length() && end - start < 4096 && !isDelimiter(text.charAt(end))) {
        end++;
      }
      Optional<WebAddress> address = WebAddress.parse(text.substring(start, end));
      if (address.isPresent()) {
        dangers.addAll(check(address.get(), start, end, 0));
      }
      i = Math.max(i, end - 1);
    }
    return dangers;
  }

  private static int schemeStart(String text, int colon) {
    int i = colon;
    while (i > 0 && colon - i < 12 && Character.isLetterOrDigit(text.charAt(i - 1))) {
      i--;
    }
    return i;
  }

  private static boolean isDelimiter(char c) {
    return Character.isWhitespace(c) || "\"'<>`|;)}".indexOf(c) >= 0;
  }

  /** Reads an argument that is a host. */
  static List<Danger> bareHost(String text) {
    if (text.isEmpty() || text.length() > 300 || text.indexOf(' ') >= 0) {
      return List.of();
    }
    int slash = text.indexOf('/');
    String hostPort = slash < 0 ? text : text.substring(0, slash);
    int colon = hostPort.lastIndexOf(':');
    boolean v6 = hostPort.indexOf(':') != colon && !hostPort.startsWith("[");
    String name =
        colon > hostPort.lastIndexOf(']') && !v6 ? hostPort.substring(0, colon) : hostPort;
    // A number alone is more often a count than an address.
    if (name.chars().allMatch(Character::isDigit)) {
      return List.of();
    }
    Host host = Host.of(name);
    return switch (host.reach()) {
      case METADATA -> List.of(Danger.ssrf("ssrf-metadata", HIGH, 0.9, 0, text.length()));
      case REBINDING -> List.of(Danger.ssrf("ssrf-rebinding", MEDIUM, 0.7, 0, text.length()));
      case COLLECTOR -> List.of(Danger.leak("leak-collector", MEDIUM, 0.7, 0, text.length()));
      case LOOPBACK, PRIVATE ->
          host.obscured()
              ? List.of(Danger.ssrf("ssrf-obscured", HIGH, 0.85, 0, text.length()))
              : List.of();
      case INTERNAL_NAME, PUBLIC -> List.of();
    };
  }

  private static List<Danger> check(WebAddress address, int start, int end, int depth) {
    List<Danger> dangers = new ArrayList<>();
    Danger danger = danger(address, start, end);
    if (danger != null) {
      dangers.add(danger);
    }
    if (depth == 0) {
      nested(address, start, end, dangers);
    }
    return dangers;
  }

  private static @Nullable Danger danger(WebAddress address, int start, int end) {
    String scheme = address.scheme();
    if (LOCAL_SCHEMES.contains(scheme)) {
      SensitivePath level = SensitivePath.of(address.path());
      return level.compareTo(SensitivePath.NOTABLE) >= 0
          ? Danger.ssrf("ssrf-local-file", HIGH, 0.9, start, end)
          : Danger.ssrf("ssrf-local-file", LOW, 0.6, start, end);
    }
    if (SMUGGLING_SCHEMES.contains(scheme)) {
      return Danger.ssrf("ssrf-scheme", HIGH, 0.85, start, end);
    }
    if (RARE_SCHEMES.contains(scheme)) {
      return Danger.ssrf("ssrf-scheme", MEDIUM, 0.6, start, end);
    }
    if (address.host().isEmpty()) {
      return null;
    }
    Host host = Host.of(address.host());
    boolean disguised = host.obscured() || looksLikeHost(address.userInfo());
    return switch (host.reach()) {
      case METADATA -> Danger.ssrf("ssrf-metadata", CRITICAL, 0.95, start, end);
      case LOOPBACK, PRIVATE, INTERNAL_NAME -> inside(host, address, disguised, start, end);
      case REBINDING -> Danger.ssrf("ssrf-rebinding", MEDIUM, 0.75, start, end);
      case COLLECTOR -> Danger.leak("leak-collector", MEDIUM, 0.7, start, end);
      case PUBLIC ->
          looksLikeHost(address.userInfo())
              ? Danger.ssrf("ssrf-userinfo", MEDIUM, 0.75, start, end)
              : null;
    };
  }

  /**
   * An address inside. Agents that write software call their own machine all day, so the plain case
   * on a port of a development server is a note; what hides where it leads, or asks for what only
   * an administrator should, is not.
   */
  private static Danger inside(
      Host host, WebAddress address, boolean disguised, int start, int end) {
    if (disguised) {
      return Danger.ssrf("ssrf-obscured", HIGH, 0.9, start, end);
    }
    String path = Letters.lower(address.path());
    boolean admin =
        ADMIN_PORTS.contains(address.port())
            || path.startsWith("/latest/meta-data")
            || path.startsWith("/admin")
            || path.contains("/actuator")
            || path.startsWith("/server-status")
            || path.startsWith("/manager/")
            || path.startsWith("/v1/secret")
            || path.startsWith("/_cat")
            || path.startsWith("/containers/");
    if (admin) {
      return Danger.ssrf("ssrf-admin", HIGH, 0.8, start, end);
    }
    if (host.reach() == Host.Reach.LOOPBACK) {
      boolean development = DEVELOPMENT_PORTS.contains(address.port());
      return Danger.ssrf("ssrf-loopback", development ? LOW : MEDIUM, 0.7, start, end);
    }
    boolean named = host.reach() == Host.Reach.INTERNAL_NAME;
    return named
        ? Danger.ssrf("ssrf-internal-name", LOW, 0.6, start, end)
        : Danger.ssrf("ssrf-private", MEDIUM, 0.65, start, end);
  }

  /** {@code https://trusted.example@10.0.0.1/}: a name where a user should stand. */
  private static boolean looksLikeHost(String userInfo) {
    int colon = userInfo.indexOf(':');
    String user = WebAddress.decoded(colon < 0 ? userInfo : userInfo.substring(0, colon));
    int dot = user.lastIndexOf('.');
    return dot > 0 && dot < user.length() - 1 && user.length() - dot <= 7 && user.indexOf('@') < 0;
  }

  /** An address inside an address is where a redirector goes. */
  private static void nested(WebAddress address, int start, int end, List<Danger> out) {
    for (WebAddress.Parameter parameter : address.parameters()) {
      Optional<WebAddress> target = WebAddress.parse(parameter.value());
      if (target.isPresent() && parameter.value().contains("/")) {
        Danger danger = danger(target.get(), start, end);
        if (danger != null && danger.severity().atLeast(MEDIUM)) {
          out.add(danger);
        }
      }
    }
  }
}
