package io.llmtrace.cli.stack;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Where a provider's API is. Immutable.
 *
 * @param scheme {@code http} or {@code https}
 * @param host a name or an address, that of IPv6 without brackets
 * @param port from 1 to 65535
 * @param prefix what stands before the paths of the API: empty, or {@code /…} without a slash at
 *     the end
 */
public record UpstreamUrl(String scheme, String host, int port, String prefix) {
  private static final String EXPECTED = "expected a URL such as https://api.openai.com, ";
  private static final int HTTPS = 443;
  private static final int HTTP = 80;

  /**
   * Reads a URL. A {@code /v1} at its end is left out: clients put it, or their base URL does.
   *
   * @throws IllegalArgumentException that says what is wrong and what would be right
   */
  public static UpstreamUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          EXPECTED + "but at character " + (e.getIndex() + 1) + ": " + e.getReason(), e);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("https") && !scheme.equals("http")) {
      throw wrong("https:// or http:// at its start");
    }
    if (uri.getRawUserInfo() != null) {
      throw wrong("no user or password in it: clients send their key in a header");
    }
    if (uri.getHost() == null) {
      throw wrong("a host name of ASCII letters, digits, dots and dashes");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw wrong("neither ? nor # in it");
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? HTTPS : HTTP;
    if (port < 1 || port > 65_535) {
      throw wrong("a port from 1 to 65535");
    }
    String host = uri.getHost();
    return new UpstreamUrl(
        scheme,
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        port,
        prefix(uri.getRawPath()));
  }

  private static String prefix(String path) {
    String prefix = path.replaceAll("/+$", "");
    if (prefix.endsWith("/v1")) {
      prefix = prefix.substring(0, prefix.length() - "/v1".length());
    }
    if (!prefix.matches("[A-Za-z0-9._~/-]*") || prefix.contains("//") || prefix.contains("/.")) {
      throw wrong("a path of ASCII letters, digits and . _ ~ - between single slashes");
    }
    return prefix;
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(EXPECTED + what);
  }

  /** As it would be written, without what a reader takes for granted. */
  @Override
  public String toString() {
    String name = host.contains(":") ? "[" + host + "]" : host;
    boolean usual = port == (scheme.equals("https") ? HTTPS : HTTP);
    return scheme + "://" + name + (usual ? "" : ":" + port) + prefix;
  }
}
