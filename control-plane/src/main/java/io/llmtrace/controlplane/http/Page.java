package io.llmtrace.controlplane.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Part of a list.
 *
 * @param next the cursor of the next page; absent on the last one
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Page<T>(List<T> items, @Nullable String next) {
  public static final int DEFAULT_LIMIT = 100;
  public static final int MOST = 500;

  /**
   * A page of rows that were asked for with one more than the limit.
   *
   * @param end the cursor behind a row
   */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, Cursor> end) {
    return rows.size() <= limit
        ? new Page<>(List.copyOf(rows), null)
        : new Page<>(List.copyOf(rows.subList(0, limit)), end.apply(rows.get(limit - 1)).encoded());
  }

  /**
   * The query parameter {@code limit}.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 outside 1 to {@value #MOST}
   */
  public static int limit(@Nullable String text) {
    if (text == null) {
      return DEFAULT_LIMIT;
    }
    if (text.matches("[0-9]{1,4}")
        && Integer.parseInt(text) >= 1
        && Integer.parseInt(text) <= MOST) {
      return Integer.parseInt(text);
    }
    throw Problem.of(400, "limit: expected a whole number from 1 to " + MOST);
  }
}
