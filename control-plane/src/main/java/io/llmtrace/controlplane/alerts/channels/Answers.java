package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What answers by HTTP have in common. */
final class Answers {
  private static final Duration LONGEST_WAIT = Duration.ofHours(24);
  private static final int SHOWN = 200;
  private static final int SHORTEST_SECRET = 6;

  private Answers() {}

  /**
   * By the status alone: 2xx is delivered; 408, 425, 429 and 5xx may heal; any other needs a
   * person.
   *
   * @param service named in the reason
   * @param secrets which a service may give back, and which no reason shows
   */
  static Verdict byStatus(
      String service,
      int status,
      Map<String, List<String>> headers,
      byte[] body,
      List<Secret> secrets) {
    if (status >= 200 && status < 300) {
      return new Verdict.Delivered();
    }
    String reason = reason(service, status, body, secrets);
    boolean heals = status == 408 || status == 425 || status == 429 || status >= 500;
    return heals ? retry(reason, headers) : new Verdict.Hopeless(reason);
  }

  static Verdict retry(String reason, Map<String, List<String>> headers) {
    return new Verdict.Retry(reason, retryAfter(headers));
  }

  static String reason(String service, int status, byte[] body, List<Secret> secrets) {
    String said = text(body, secrets);
    return service + " answered " + status + (said.isEmpty() ? "" : ": " + said);
  }

  /** The beginning of a body as one line. */
  static String text(byte[] body, List<Secret> secrets) {
    String text = new String(body, 0, Math.min(body.length, 4_096), UTF_8);
    for (Secret secret : secrets) {
      if (secret.reveal().length() >= SHORTEST_SECRET) {
        text = text.replace(secret.reveal(), Masks.MASK);
      }
    }
    return Texts.line(text, SHOWN);
  }

  /** Seconds or a date (RFC 9110, 10.2.3); a date counts from the answer's own {@code Date}. */
  private static @Nullable Duration retryAfter(Map<String, List<String>> headers) {
    Optional<String> value = header(headers, "Retry-After");
    if (value.isEmpty()) {
      return null;
    }
    String text = value.get().strip();
    if (text.matches("\\d{1,9}")) {
      return bounded(Duration.ofSeconds(Long.parseLong(text)));
    }
    Optional<Instant> until = date(text);
    Optional<Instant> from = header(headers, "Date").flatMap(Answers::date);
    return until.isPresent() && from.isPresent()
        ? bounded(Duration.between(from.get(), until.get()))
        : null;
  }

  private static Duration bounded(Duration wait) {
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  private static Optional<Instant> date(String text) {
    try {
      return Optional.of(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text.strip(), Instant::from));
    } catch (DateTimeException e) {
      // A header that says nothing readable says nothing.
      return Optional.empty();
    }
  }

  private static Optional<String> header(Map<String, List<String>> headers, String name) {
    return headers.entrySet().stream()
        .filter(entry -> name.equalsIgnoreCase(entry.getKey()))
        .flatMap(entry -> entry.getValue().stream())
        .findFirst();
  }

  /**
   * The plain values at the top of a JSON object, as far as the text goes: a long answer may be cut
   * off. Empty for what is no object.
   */
  static Map<String, String> topLevel(byte[] start) {
    Map<String, String> values = new LinkedHashMap<>();
    try (JsonParser parser = Json.MAPPER.createParser(start)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Map.of();
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (parser.nextToken().isScalarValue()) {
          values.put(name, parser.getText());
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      // Cut off or no JSON: what was read until there is what there is.
      return values;
    }
    return values;
  }
}
