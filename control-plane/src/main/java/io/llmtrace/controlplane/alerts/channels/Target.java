package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a channel posts to. User and password in an address become the header that they stand for.
 *
 * @param uri without them
 * @param headers {@code Content-Type}, and {@code Authorization} where the address has a user
 */
record Target(URI uri, Map<String, String> headers) {
  Target {
    headers = Map.copyOf(headers);
  }

  /** An address that {@link #problem} has nothing against. */
  static Target of(Secret address) {
    return of(URI.create(address.reveal().strip()));
  }

  static Target of(URI uri) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/json; charset=utf-8");
    String user = uri.getUserInfo();
    if (user == null) {
      return new Target(uri, headers);
    }
    headers.put(
        "Authorization", "Basic " + Base64.getEncoder().encodeToString(user.getBytes(UTF_8)));
    String authority = uri.getRawAuthority();
    String text =
        uri.getScheme()
            + "://"
            + authority.substring(authority.lastIndexOf('@') + 1)
            + uri.getRawPath()
            + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
    return new Target(URI.create(text), headers);
  }

  /** The same with a path after its own. */
  Target resolve(String path) {
    String base = uri.toString();
    while (base.endsWith("/")) {
      base = base.substring(0, base.length() - 1);
    }
    return new Target(URI.create(base.endsWith(path) ? base : base + path), headers);
  }

  Target with(String name, String value) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put(name, value);
    return new Target(uri, all);
  }

  Target with(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.putAll(more);
    return new Target(uri, all);
  }

  HttpCall post(byte[] body) {
    return new HttpCall(uri, headers, body);
  }

  /** What is wrong with an address, without the address: it may be a credential. */
  static Optional<String> problem(String key, Secret address) {
    return problem(key, parse(address.reveal().strip()));
  }

  static Optional<String> problem(String key, @Nullable URI uri) {
    if (uri == null || uri.getHost() == null || uri.getScheme() == null) {
      return Optional.of(key + ": is no address; expected https://host/path");
    }
    if (!uri.getScheme().matches("(?i)https?")) {
      return Optional.of(key + ": has the scheme " + uri.getScheme() + "; expected https or http");
    }
    return uri.getFragment() == null
        ? Optional.empty()
        : Optional.of(key + ": has a fragment (#…), which is never sent; expected none");
  }

  private static @Nullable URI parse(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      // Told by problem(); the exception's own message holds the address.
      return null;
    }
  }

  @Override
  public String toString() {
    return Masks.target(uri);
  }
}
