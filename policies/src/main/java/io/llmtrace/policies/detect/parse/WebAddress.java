package io.llmtrace.policies.detect.parse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An absolute URL taken apart as browsers and HTTP clients do it, which is more lenient than RFC
 * 3986: backslashes are slashes, line breaks and tabs inside are dropped, any number of slashes
 * stands before the host (WHATWG URL standard, "basic URL parser"). Immutable. {@code java.net} is
 * not used: it refuses half of what an attacker writes, and it may ask a resolver.
 *
 * @param scheme lower-case, without colon
 * @param userInfo what stands before an {@code @}; empty where nothing does
 * @param host as written, percent-encoding undone; empty where the scheme has none
 * @param port -1 where none is written or it is none
 * @param path from the first slash after the host; not decoded
 * @param query without question mark; not decoded
 * @param fragment without hash
 */
public record WebAddress(
    String scheme,
    String userInfo,
    String host,
    int port,
    String path,
    String query,
    String fragment) {

  /** Characters of a URL that are looked at; no client sends longer ones. */
  public static final int LONGEST = 64 * 1024;

  private static final Set<String> WITH_HOST =
      Set.of(
          "http", "https", "ws", "wss", "ftp", "ftps", "sftp", "gopher", "dict", "ldap", "ldaps",
          "tftp", "ssh", "smb", "redis", "mongodb", "rtsp");

  /** A parameter of a query, both sides with percent-encoding undone. */
  public record Parameter(String name, String value) {}

  /** Takes a URL apart; empty for what does not begin with a scheme. */
  public static Optional<WebAddress> parse(String written) {
    String text = cleaned(written);
    int colon = schemeEnd(text, 0);
    if (colon < 0) {
      // A browser fills the page's scheme in.
      return text.startsWith("//") || text.startsWith("\\\\")
          ? parse("https:" + text)
          : Optional.empty();
    }
    String scheme = Letters.lower(text.substring(0, colon));
    String rest = text.substring(colon + 1);
    int hash = rest.indexOf('#');
    String fragment = hash < 0 ? "" : rest.substring(hash + 1);
    rest = hash < 0 ? rest : rest.substring(0, hash);
    int mark = rest.indexOf('?');
    String query = mark < 0 ? "" : rest.substring(mark + 1);
    rest = mark < 0 ? rest : rest.substring(0, mark);
    int at = 0;
    while (at < rest.length() && (rest.charAt(at) == '/' || rest.charAt(at) == '\\')) {
      at++;
    }
    boolean hosted = WITH_HOST.contains(scheme) || at == 2;
    if (!hosted || scheme.equals("file")) {
      return Optional.of(new WebAddress(scheme, "", "", -1, rest, query, fragment));
    }
    int end = at;
    while (end < rest.length() && rest.charAt(end) != '/' && rest.charAt(end) != '\\') {
      end++;
    }
    String authority = rest.substring(at, end);
    int user = authority.lastIndexOf('@');
    String userInfo = user < 0 ? "" : authority.substring(0, user);
    String hostPort = authority.substring(user + 1);
    int port = -1;
    int portAt = hostPort.lastIndexOf(':');
    if (portAt >= 0 && portAt > hostPort.lastIndexOf(']')) {
      port = port(hostPort.substring(portAt + 1));
      hostPort = hostPort.substring(0, portAt);
    }
    return Optional.of(
        new WebAddress(
            scheme, userInfo, decoded(hostPort), port, rest.substring(end), query, fragment));
  }

  /** The parameters of the query, in order; at most {@code 1000}. */
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>();
    int at = 0;
    while (at < query.length() && parameters.size() < 1000) {
      int end = query.indexOf('&', at);
      end = end < 0 ? query.length() : end;
      String pair = query.substring(at, end);
      int equals = pair.indexOf('=');
      parameters.add(
          equals < 0
              ? new Parameter("", decoded(pair))
              : new Parameter(
                  decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1))));
      at = end + 1;
    }
    return parameters;
  }

  /** Percent-encoding and {@code +} undone. */
  public static String decoded(String text) {
    if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
      return text;
    }
    return Views.percentDecoded(
            io.llmtrace.policies.detect.TextView.original(text.replace('+', ' ')))
        .text();
  }

  /** Index of the colon after a scheme that begins at {@code from}, or -1. */
  public static int schemeEnd(String text, int from) {
    int i = from;
    while (i < text.length() && i - from < 20 && isSchemePart(text.charAt(i), i == from)) {
      i++;
    }
    boolean scheme = i - from >= 2 && i < text.length() && text.charAt(i) == ':';
    return scheme ? i : -1;
  }

  private static boolean isSchemePart(char c, boolean first) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (!first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'));
  }

  private static int port(String text) {
    if (text.isEmpty() || text.length() > 5) {
      return -1;
    }
    int port = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      port = port * 10 + c - '0';
    }
    return port;
  }

  private static String cleaned(String written) {
    String text = written.length() > LONGEST ? written.substring(0, LONGEST) : written;
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\n' && c != '\r' && c != '\t') {
        out.append(c);
      }
    }
    return out.toString().strip();
  }
}
