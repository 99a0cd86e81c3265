package io.llmtrace.controlplane.alerts.people;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.alerts.incidents.Silence;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.NoFields;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/alerts/silences}: silences and maintenance windows. */
@Path("/api/v1/alerts/silences")
@Produces("application/json")
public final class SilencesResource {
  private static final Duration LONGEST = Duration.ofDays(366);
  private static final int MOST_MATCHERS = 10;
  private static final int MOST_VALUES = 50;
  private static final int LONGEST_VALUE = 256;

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final Ulid ids = new Ulid();

  public SilencesResource(ScopedJdbi jdbi, Clock clock) {
    this.jdbi = jdbi;
    this.clock = clock;
  }

  /**
   * A silence as the API shows it.
   *
   * @param tenant whose incidents; absent for all
   * @param matchers values by label, of which an incident has one each; empty is every incident
   * @param startsAt RFC 3339
   * @param endsAt RFC 3339, of the first time
   * @param every {@code once}, {@code day} or {@code week}: it comes again at the same hour, in UTC
   * @param until RFC 3339; nothing is silent after it
   * @param state {@code waiting}, {@code silent} now, or {@code ended}
   * @param createdAt RFC 3339
   * @param endedBy who ended it early; absent where nobody did
   * @param endedAt RFC 3339
   */
  public record SilenceView(
      String id,
      @Nullable String tenant,
      Map<String, Set<String>> matchers,
      String startsAt,
      String endsAt,
      String every,
      String until,
      String comment,
      String state,
      String createdBy,
      String createdAt,
      @Nullable String endedBy,
      @Nullable String endedAt) {

    static SilenceView of(Silence silence, Instant now) {
      Map<String, Set<String>> matchers = new TreeMap<>();
      silence.matchers().forEach((label, values) -> matchers.put(label, new TreeSet<>(values)));
      boolean over = silence.endedAt() != null || !now.isBefore(silence.until());
      return new SilenceView(
          silence.id(),
          silence.tenant(),
          matchers,
          silence.startsAt().toString(),
          silence.endsAt().toString(),
          silence.every().label(),
          silence.until().toString(),
          silence.comment(),
          over ? "ended" : silence.isActive(now) ? "silent" : "waiting",
          silence.createdBy(),
          silence.createdAt().toString(),
          silence.endedBy(),
          silence.endedAt() == null ? null : silence.endedAt().toString());
    }
  }

  /** Newest first; {@code state} is {@code running} for those that are not over. */
  @GET
  @Requires(Permission.ALERTS_READ)
  @Takes(query = {"tenant", "state"})
  public Page<SilenceView> silences(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, List.of("tenant", "state", "limit", "cursor"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    Instant now = clock.instant();
    Conditions conditions =
        Conditions.of(caller, Permission.ALERTS_READ, "tenant")
            .when("tenant = :tenant", "tenant", parameters.text("tenant"))
            .when("id < :behind", "behind", behind == null ? null : behind.keys().get(0));
    String state = parameters.word("state", List.of("running", "ended"));
    if (state != null) {
      conditions
          .and(
              state.equals("running")
                  ? "ended_at IS NULL AND until > :now"
                  : "ended_at IS NOT NULL OR until <= :now")
          .bind("now", now.atOffset(ZoneOffset.UTC));
    }
    List<SilenceView> rows =
        jdbi.read(
            caller,
            Permission.ALERTS_READ,
            handle ->
                handle
                    .createQuery(
                        "SELECT "
                            + Silence.COLUMNS
                            + " FROM alert_silences WHERE true"
                            + conditions.sql()
                            + " ORDER BY id DESC LIMIT :most")
                    .bindMap(conditions.binds())
                    .bind("most", most + 1)
                    .map((row, context) -> SilenceView.of(Silence.of(row), now))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(last.id()));
  }

  @GET
  @Path("{id}")
  @Requires(Permission.ALERTS_READ)
  public SilenceView silence(
      @Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    return SilenceView.of(
        jdbi.read(
            caller,
            Permission.ALERTS_READ,
            handle -> find(handle, caller, Permission.ALERTS_READ, id, "")),
        clock.instant());
  }

  /** Fields of a body that asks for silence. */
  static final class OfNew implements BodyFields {
    private record Asked(
        @Nullable String tenant,
        Map<String, Set<String>> matchers,
        @Nullable Instant startsAt,
        @Nullable Instant endsAt,
        Silence.Every every,
        @Nullable Instant until,
        String comment) {}

    @Override
    public void read(JsonBody body) {
      Asked unused = asked(body);
    }

    private static Asked asked(JsonBody body) {
      String every = body.choice("every", List.of("once", "day", "week"));
      return new Asked(
          body.text("tenant", TenantId.EXPECTED, TenantId::isOne),
          matchers(body),
          body.instant("starts_at"),
          body.instant("ends_at"),
          every == null
              ? Silence.Every.ONCE
              : Silence.Every.valueOf(every.toUpperCase(java.util.Locale.ROOT)),
          body.instant("until"),
          Reading.requiredComment(body));
    }
  }

  private static Map<String, Set<String>> matchers(JsonBody body) {
    Map<String, Set<String>> matchers = new LinkedHashMap<>();
    ObjectNode given = body.object("matchers");
    if (given == null) {
      return matchers;
    }
    if (given.size() > MOST_MATCHERS) {
      body.wrong("matchers", "expected at most " + MOST_MATCHERS + " labels");
    }
    given
        .properties()
        .forEach(
            each -> {
              JsonNode value = each.getValue();
              List<String> texts = new ArrayList<>();
              boolean all = value.isTextual() || value.isArray();
              for (JsonNode one : value.isTextual() ? List.of(value) : value) {
                all &= one.isTextual() && one.textValue().length() <= LONGEST_VALUE;
                texts.add(one.asText());
              }
              if (!all || texts.isEmpty() || texts.size() > MOST_VALUES) {
                body.wrong(
                    "matchers." + each.getKey(),
                    "expected a text, or 1 to " + MOST_VALUES + " texts of which one matches");
              }
              matchers.put(each.getKey(), new TreeSet<>(texts));
            });
    return matchers;
  }

  /**
   * Keeps incidents from being told for a time, at once or later. Incidents go on meanwhile; those
   * that still do when it ends are told then.
   */
  @POST
  @Requires(Permission.ALERTS_WRITE)
  @Takes(body = OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(value = SilenceView.class, status = 201, headers = "Location")
  public Response addSilence(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    OfNew.Asked asked = OfNew.asked(body);
    Instant now = clock.instant();
    Instant starts = asked.startsAt() == null ? now : asked.startsAt();
    Instant ends = asked.endsAt();
    Silence.Every every = asked.every();
    if (ends == null) {
      body.required("ends_at", "expected a time such as 2027-01-31T08:00:00Z");
      body.finish();
      throw Problem.of(400, "ends_at: expected a time");
    }
    Instant until = asked.until() == null ? ends : asked.until();
    if (!ends.isAfter(starts) || !ends.isAfter(now)) {
      body.wrong("ends_at", "expected a time after starts_at, and after now");
    } else if (Duration.between(starts, until).compareTo(LONGEST) > 0) {
      body.wrong("until", "expected at most " + LONGEST.toDays() + " days");
    } else if (until.isBefore(ends)) {
      body.wrong("until", "expected no time before ends_at");
    } else if (every == Silence.Every.ONCE && !until.equals(ends)) {
      body.wrong("until", "expected every beside it: day or week");
    } else if (every != Silence.Every.ONCE
        && Duration.between(starts, ends).compareTo(every.period()) >= 0) {
      body.wrong("ends_at", "expected less than a " + every.label() + " after starts_at");
    }
    body.finish();
    if (asked.tenant() != null) {
      caller.require(Permission.ALERTS_WRITE, asked.tenant());
    } else {
      caller.require(Permission.ALERTS_WRITE, TenantScope.all());
    }
    return jdbi.write(
        caller,
        Permission.ALERTS_WRITE,
        handle ->
            IdempotentPost.of(request, body)
                .run(
                    handle,
                    () -> {
                      Silence made =
                          new Silence(
                              ids.next(),
                              asked.tenant(),
                              asked.matchers(),
                              starts,
                              ends,
                              every,
                              until,
                              asked.comment(),
                              caller.actor(),
                              now,
                              null,
                              null);
                      made.insert(handle);
                      SilenceView view = SilenceView.of(made, now);
                      Audit.append(
                          handle,
                          caller,
                          new Change(
                              "silence.create", made.tenant(), "silence:" + made.id(), null, view));
                      return new IdempotentPost.Made(
                          201, Map.of("Location", "/api/v1/alerts/silences/" + made.id()), view);
                    }));
  }

  /** Ends a silence; one that is over stays as it is. */
  @POST
  @Path("{id}/end")
  @Requires(Permission.ALERTS_WRITE)
  @Takes(body = NoFields.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(SilenceView.class)
  public Response endSilence(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    body.finish();
    return jdbi.write(
        caller,
        Permission.ALERTS_WRITE,
        handle -> {
          Silence before = find(handle, caller, Permission.ALERTS_WRITE, id, " FOR UPDATE");
          return IdempotentPost.of(request, body).run(handle, () -> ended(handle, caller, before));
        });
  }

  private IdempotentPost.Made ended(Handle handle, Caller caller, Silence before) {
    Instant now = clock.instant();
    if (before.endedAt() == null && now.isBefore(before.until())) {
      handle
          .createUpdate(
              "UPDATE alert_silences SET ended_by = :actor, ended_at = :now WHERE id = :id")
          .bind("actor", caller.actor())
          .bind("now", now.atOffset(ZoneOffset.UTC))
          .bind("id", before.id())
          .execute();
      Silence after = find(handle, caller, Permission.ALERTS_WRITE, before.id(), "");
      Audit.append(
          handle,
          caller,
          new Change(
              "silence.end",
              before.tenant(),
              "silence:" + before.id(),
              SilenceView.of(before, now),
              SilenceView.of(after, now)));
      return new IdempotentPost.Made(200, Map.of(), SilenceView.of(after, now));
    }
    return new IdempotentPost.Made(200, Map.of(), SilenceView.of(before, now));
  }

  private static Silence find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!Ulid.isValid(id)) {
      throw Problem.absent("silence");
    }
    Conditions conditions =
        Conditions.of(caller, permission, "tenant").and("id = :id").bind("id", id);
    return handle
        .createQuery(
            "SELECT "
                + Silence.COLUMNS
                + " FROM alert_silences WHERE true"
                + conditions.sql()
                + lock)
        .bindMap(conditions.binds())
        .map((row, context) -> Silence.of(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("silence"));
  }
}
