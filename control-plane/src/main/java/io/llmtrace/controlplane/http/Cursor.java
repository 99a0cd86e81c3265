package io.llmtrace.controlplane.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a page ended: the sort keys of its last row, which the caller has seen. Rows are read from
 * behind it, so a page is the same whatever was written meanwhile. Opaque to callers and never
 * trusted: what comes back is checked and bound as a value, and scoped like any filter.
 *
 * @param keys of the last row
 */
public record Cursor(List<String> keys) {
  private static final int LONGEST = 1_000;

  public Cursor {
    keys = List.copyOf(keys);
  }

  public static Cursor after(String... keys) {
    return new Cursor(List.of(keys));
  }

  /** As it goes into a page's {@code next}. */
  public String encoded() {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(WireJson.mapper().writeValueAsBytes(keys));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("sort keys are text", e);
    }
  }

  /**
   * The cursor of a query parameter, or null where none was sent.
   *
   * @param count how many keys it must hold
   * @throws jakarta.ws.rs.WebApplicationException 400 for one that no page gave
   */
  public static @Nullable Cursor decode(@Nullable String text, int count) {
    if (text == null) {
      return null;
    }
    try {
      if (text.length() <= LONGEST) {
        byte[] json = Base64.getUrlDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
        String[] keys = WireJson.mapper().readValue(json, String[].class);
        if (keys != null && keys.length == count && noneIsMissing(keys)) {
          return new Cursor(List.of(keys));
        }
      }
    } catch (IllegalArgumentException | java.io.IOException e) {
      throw new jakarta.ws.rs.WebApplicationException(e, refusal().getResponse());
    }
    throw refusal();
  }

  /** A key as a number that sorts. */
  public long number(int place) {
    try {
      return Long.parseLong(keys.get(place));
    } catch (NumberFormatException e) {
      throw new jakarta.ws.rs.WebApplicationException(e, refusal().getResponse());
    }
  }

  private static boolean noneIsMissing(@Nullable String[] keys) {
    for (@Nullable String key : keys) {
      if (key == null || key.indexOf('\0') >= 0) {
        return false;
      }
    }
    return true;
  }

  private static jakarta.ws.rs.WebApplicationException refusal() {
    return Problem.of(400, "cursor: expected what a page gave as \"next\"");
  }
}
