package io.llmtrace.runtime.config;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What is wrong with the address of a database. No answer quotes it: the driver's own messages do,
 * and they end in a log, so that what the driver cannot read is refused before it sees it.
 * Stateless.
 */
final class DatabaseUrl {
  private static final String SCHEME = "jdbc:postgresql:";
  private static final int HIGHEST_PORT = 65_535;

  private static final String HOST =
      "(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?";
  private static final Pattern FORM =
      Pattern.compile("(?://(?:" + HOST + "(?:," + HOST + ")*+)?/)?[^/\\s]*+");
  private static final Pattern PORT = Pattern.compile(":([0-9]{1,5})(?=[,/])");
  private static final Pattern NO_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");

  /** Parameters that repeat what stands before them, and may not fit it. */
  private static final Set<String> SAID_BEFORE = Set.of("host", "port");

  private DatabaseUrl() {}

  /** What would be right; empty for an address that the driver can read. */
  static Optional<String> problem(String url) {
    if (!url.startsWith(SCHEME)) {
      return Optional.of("expected an address that starts with " + SCHEME);
    }
    int question = url.indexOf('?');
    String server = url.substring(SCHEME.length(), question < 0 ? url.length() : question);
    String parameters = question < 0 ? "" : url.substring(question + 1);
    if (authority(server).contains("@") || names(parameters).anyMatch("password"::equals)) {
      return Optional.of(
          "expected no user and no password in it, because addresses end in logs; they are said as"
              + " control_plane.database.user, and control_plane.database.password:"
              + " file:secrets/database.password");
    }
    return FORM.matcher(server).matches()
            && portsAreSome(server)
            && names(parameters).noneMatch(SAID_BEFORE::contains)
            && !NO_ESCAPE.matcher(server).find()
            && !NO_ESCAPE.matcher(parameters).find()
        ? Optional.empty()
        : Optional.of(
            "expected an address such as jdbc:postgresql://HOST:5432/NAME?sslmode=verify-full");
  }

  private static String authority(String server) {
    if (!server.startsWith("//")) {
      return server;
    }
    // A password may have slashes of its own: what stands before the last @ is none of the name.
    int at = server.lastIndexOf('@');
    int slash = server.indexOf('/', 2);
    if (slash < 0 || (at > slash && server.indexOf('/', at) > 0)) {
      return server;
    }
    return server.substring(2, slash);
  }

  private static Stream<String> names(String parameters) {
    return Stream.of(parameters.split("&", -1))
        .map(each -> each.split("=", 2)[0].strip().toLowerCase(Locale.ROOT));
  }

  private static boolean portsAreSome(String server) {
    Matcher port = PORT.matcher(server);
    while (port.find()) {
      int number = Integer.parseInt(port.group(1));
      if (number == 0 || number > HIGHEST_PORT) {
        return false;
      }
    }
    return true;
  }
}
