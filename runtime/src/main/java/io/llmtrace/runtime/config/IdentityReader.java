package io.llmtrace.runtime.config;

import io.llmtrace.runtime.config.IdentitySource.Claim;
import io.llmtrace.runtime.config.IdentitySource.Consumer;
import io.llmtrace.runtime.config.IdentitySource.Header;
import io.llmtrace.runtime.config.IdentitySource.KeyHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code plugin.identity}. Stateless. */
final class IdentityReader {
  private static final int MOST_SOURCES = 8;
  private static final String EXPECTED =
      "consumer, header:NAME, key_hash, claim:NAME or claim:NAME@HEADER";

  /** A field name of HTTP (RFC 9110, 5.1). */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");

  private IdentityReader() {}

  static IdentityConfig read(ConfigSection section) {
    IdentityConfig identity =
        new IdentityConfig(sources(section, "tenant"), sources(section, "agent"));
    section.finish();
    return identity;
  }

  private static List<IdentitySource> sources(ConfigSection section, String key) {
    List<IdentitySource> sources = new ArrayList<>();
    for (ConfigKeys.Item item : section.items(key, EXPECTED, MOST_SOURCES)) {
      IdentitySource source = source(item.text());
      if (source == null) {
        section.problem(item, "expected " + EXPECTED + ", was \"" + item.text() + "\"");
      } else if (sources.contains(source)) {
        section.problem(item, "expected each source once");
      } else {
        sources.add(source);
      }
    }
    return sources;
  }

  private static @Nullable IdentitySource source(String text) {
    if (text.equals("consumer")) {
      return new Consumer();
    }
    if (text.equals("key_hash")) {
      return new KeyHash();
    }
    int colon = text.indexOf(':');
    String of = text.substring(colon + 1);
    return switch (colon < 0 ? "" : text.substring(0, colon)) {
      case "header" -> NAME.matcher(of).matches() ? new Header(lower(of)) : null;
      case "claim" -> claim(of);
      default -> null;
    };
  }

  private static @Nullable IdentitySource claim(String of) {
    int at = of.lastIndexOf('@');
    String name = at < 0 ? of : of.substring(0, at);
    String header = at < 0 ? "authorization" : of.substring(at + 1);
    return name.isBlank() || name.length() > 200 || !NAME.matcher(header).matches()
        ? null
        : new Claim(name, lower(header));
  }

  private static String lower(String header) {
    return header.toLowerCase(Locale.ROOT);
  }
}
