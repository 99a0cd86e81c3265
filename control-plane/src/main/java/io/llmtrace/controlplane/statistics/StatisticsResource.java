package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.statistics.Statistics.Answer;
import io.llmtrace.controlplane.statistics.Statistics.By;
import io.llmtrace.controlplane.statistics.Statistics.Grain;
import io.llmtrace.controlplane.statistics.Statistics.Question;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code GET /api/v1/statistics}: sums and percentiles over exchanges. */
@Path("/api/v1/statistics")
@Produces("application/json")
public final class StatisticsResource {
  private static final int DEFAULT_LINES = 100;

  /** Buckets of an answer in each group; a group a line more would say nothing to anybody. */
  private static final int MOST_BUCKETS = 1_500;

  /** Nothing was counted before, and nothing will be after: sums reach no further. */
  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");

  private static final Instant LATEST = Instant.parse("3000-01-01T00:00:00Z");

  private final ScopedJdbi jdbi;

  public StatisticsResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Sums by one dimension.
   *
   * @param by {@code tenant}, {@code route}, {@code consumer}, {@code agent}, {@code provider},
   *     {@code model} or {@code finding}
   * @param from a day or an instant, cut down to the hour; default 24 hours before {@code until}
   * @param until likewise, cut up; default now
   * @param interval {@code hour}, {@code day} or {@code none}
   */
  @GET
  @Requires(Permission.STATISTICS_READ)
  public Map<String, Object> statistics(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("by") @Nullable String by,
      @QueryParam("tenant") @Nullable String tenant,
      @QueryParam("key") @Nullable String key,
      @QueryParam("key2") @Nullable String key2,
      @QueryParam("from") @Nullable String from,
      @QueryParam("until") @Nullable String until,
      @QueryParam("interval") @Nullable String interval,
      @QueryParam("limit") @Nullable String limit) {
    QueryParameters.only(uri, "by", "tenant", "key", "key2", "from", "until", "interval", "limit");
    By dimension = choice("by", by, By.class, By.TENANT);
    Instant end = until == null ? Instant.now() : time("until", until);
    Instant start = from == null ? end.minus(Duration.ofHours(24)) : time("from", from);
    Grain grain = choice("interval", interval, Grain.class, Grain.NONE);
    Instant firstHour = start.truncatedTo(ChronoUnit.HOURS);
    Instant lastHour = end.truncatedTo(ChronoUnit.HOURS);
    if (lastHour.isBefore(end)) {
      lastHour = lastHour.plus(Duration.ofHours(1));
    }
    if (!firstHour.isBefore(lastHour)) {
      throw Problem.of(400, "from: expected a time before until, " + end);
    }
    long buckets =
        grain == Grain.NONE
            ? 1
            : Duration.between(firstHour, lastHour).toHours() / (grain == Grain.HOUR ? 1 : 24) + 1;
    if (buckets > MOST_BUCKETS) {
      throw Problem.of(
          400,
          "interval: expected at most "
              + MOST_BUCKETS
              + " in the time from "
              + firstHour
              + " to "
              + lastHour
              + ", were "
              + buckets);
    }
    List<String> tenants = tenants(caller, tenant);
    Question question =
        new Question(
            dimension,
            tenants,
            key,
            key2,
            firstHour,
            lastHour,
            grain,
            dimension == By.TENANT,
            lines(limit));
    Instant oldest = Instant.now().minus(Duration.ofDays(RollupFold.HOUR_DAYS));
    if (question.slices().stream()
        .anyMatch(slice -> !slice.days() && slice.from().isBefore(oldest))) {
      throw Problem.of(
          400,
          "from: expected whole days (from, until and interval) for a time before "
              + oldest.truncatedTo(ChronoUnit.DAYS)
              + ", of which no hours are kept");
    }
    Answer answer =
        jdbi.snapshot(
            caller, Permission.STATISTICS_READ, handle -> Statistics.answer(handle, question));
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("by", dimension.label());
    body.put("from", firstHour.toString());
    body.put("until", lastHour.toString());
    body.put("items", answer.lines().stream().map(line -> new LineJson(dimension, line)).toList());
    body.put("groups_left_out", answer.groupsLeftOut());
    return body;
  }

  /** Null is all of them; one that the caller may not see is one without exchanges. */
  private static @Nullable List<String> tenants(Caller caller, @Nullable String tenant) {
    TenantScope own = caller.tenants(Permission.STATISTICS_READ);
    if (tenant != null) {
      return own.includes(tenant) ? List.of(tenant) : List.of();
    }
    return own instanceof TenantScope.Only only ? List.copyOf(only.tenants()) : null;
  }

  private static int lines(@Nullable String limit) {
    if (limit == null) {
      return DEFAULT_LINES;
    }
    try {
      int wanted = Integer.parseInt(limit);
      if (wanted >= 1 && wanted <= Statistics.MOST_GROUPS) {
        return wanted;
      }
    } catch (NumberFormatException e) {
      throw Problem.of(400, "limit: expected a number, was \"" + limit + "\"");
    }
    throw Problem.of(400, "limit: expected a number from 1 to " + Statistics.MOST_GROUPS);
  }

  private static Instant time(String name, String text) {
    try {
      Instant time =
          text.length() == 10
              ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC)
              : OffsetDateTime.parse(text).toInstant();
      if (!time.isBefore(EARLIEST) && time.isBefore(LATEST)) {
        return time;
      }
    } catch (DateTimeException e) {
      throw unreadable(name, text);
    }
    throw unreadable(name, text);
  }

  private static WebApplicationException unreadable(String name, String text) {
    return Problem.of(
        400,
        name
            + ": expected a day such as 2026-03-01 or a time such as 2026-03-01T12:00:00Z, from "
            + EARLIEST
            + " and before "
            + LATEST
            + ", was \""
            + text
            + '"');
  }

  private static <E extends Enum<E>> E choice(
      String name, @Nullable String text, Class<E> type, E fallback) {
    if (text == null) {
      return fallback;
    }
    for (E each : type.getEnumConstants()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(text)) {
        return each;
      }
    }
    throw Problem.of(
        400,
        name
            + ": expected "
            + Arrays.stream(type.getEnumConstants())
                .map(each -> each.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "))
            + ", was \""
            + text
            + '"');
  }
}
