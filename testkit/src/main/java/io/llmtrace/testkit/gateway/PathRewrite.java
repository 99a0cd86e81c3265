package io.llmtrace.testkit.gateway;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * The plugin proxy-rewrite, as far as {@code regex_uri} with one pattern. What the upstream is
 * asked for changes; the plugin runner and the log see what the client asked for. Written after the
 * plugin's source; no recording has it. Immutable.
 *
 * @param template where {@code $1} stands for the first group
 */
public record PathRewrite(Pattern pattern, String template) {
  /**
   * Reads the plugin's configuration.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  static Optional<PathRewrite> of(@Nullable Map<String, Object> conf) {
    if (conf == null) {
      return Optional.empty();
    }
    if (conf.size() == 1
        && conf.get("regex_uri") instanceof List<?> pair
        && pair.size() == 2
        && pair.get(0) instanceof String pattern
        && pair.get(1) instanceof String template) {
      try {
        return Optional.of(new PathRewrite(Pattern.compile(pattern), template));
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException("proxy-rewrite.regex_uri: " + e.getMessage(), e);
      }
    }
    throw new IllegalArgumentException(
        "proxy-rewrite: only regex_uri: [pattern, template] is known here");
  }

  /**
   * The path for the upstream, encoded.
   *
   * @param path decoded, as APISIX matches it
   */
  String apply(String path) {
    Matcher matcher = pattern.matcher(path);
    String rewritten = matcher.find() ? matcher.replaceFirst(template) : path;
    try {
      return new URI(null, null, rewritten, null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("a path is always encoded: " + rewritten, e);
    }
  }
}
