package io.llmtrace.controlplane.lifecycle;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.NoFields;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Conditions;
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
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/holds}: legal holds. */
@Path("/api/v1/holds")
@Produces("application/json")
public final class HoldsResource {
  private static final int LONGEST_REASON = 1_000;

  private final ScopedJdbi jdbi;
  private final Ulid ids = new Ulid();

  public HoldsResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Newest first. */
  @GET
  @Requires(Permission.DATA_ERASE)
  @Takes(query = "tenant")
  public Page<Hold> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    return Listing.newest(jdbi, caller, uri, limit, cursor, Hold.SELECT, Hold::of, Hold::id);
  }

  @GET
  @Path("{id}")
  @Requires(Permission.DATA_ERASE)
  public Hold get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    return jdbi.read(caller, Permission.DATA_ERASE, handle -> find(handle, caller, id, ""));
  }

  /** Fields of a body that asks for a hold. */
  static final class OfNew implements BodyFields {
    private record Asked(
        String tenant,
        @Nullable String consumer,
        @Nullable LocalDate from,
        @Nullable LocalDate until,
        String reason) {}

    @Override
    public void read(JsonBody body) {
      Asked unused = asked(body);
    }

    private static Asked asked(JsonBody body) {
      return new Asked(
          body.requiredText("tenant", TenantId.EXPECTED, TenantId::isOne),
          body.text("consumer", Subject.EXPECTED, Subject::isName),
          day(body, "from"),
          day(body, "until"),
          HoldsResource.reason(body));
    }
  }

  /** Holds what is stored and what will be; nothing that it covers is deleted from now on. */
  @POST
  @Requires(Permission.DATA_ERASE)
  @Takes(body = OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(value = Hold.class, status = 201, headers = "Location")
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    OfNew.Asked asked = OfNew.asked(body);
    String tenant = asked.tenant();
    String consumer = asked.consumer();
    LocalDate from = asked.from();
    LocalDate until = asked.until();
    String reason = asked.reason();
    if (!body.isPresent("from")) {
      body.wrong("from", "expected a day such as 2027-01-31, was absent");
    }
    if (from != null && until != null && until.isBefore(from)) {
      body.wrong("until", "expected no day before from");
    }
    body.finish();
    caller.require(Permission.DATA_ERASE, tenant);
    return jdbi.write(
        caller,
        Permission.DATA_ERASE,
        handle ->
            IdempotentPost.of(request, body)
                .run(
                    handle,
                    () -> {
                      // After whatever deletes at this moment, before whatever will.
                      Turns.take(handle, Turns.DELETES);
                      String id = ids.next();
                      handle
                          .createUpdate(
                              "INSERT INTO holds (id, tenant, consumer, from_day, until_day,"
                                  + " reason, created_by) VALUES (:id, :tenant, :consumer, :from,"
                                  + " :until, :reason, :actor)")
                          .bind("id", id)
                          .bind("tenant", tenant)
                          .bind("consumer", consumer)
                          .bind("from", from)
                          .bind("until", until)
                          .bind("reason", reason)
                          .bind("actor", caller.actor())
                          .execute();
                      Hold made = find(handle, caller, id, "");
                      Audit.append(
                          handle,
                          caller,
                          new Change("hold.create", tenant, "hold:" + id, null, made.audited()));
                      return new IdempotentPost.Made(
                          201, Map.of("Location", "/api/v1/holds/" + id), made);
                    }));
  }

  /** Lets go of what no other hold covers; one that is ended already stays as it is. */
  @POST
  @Path("{id}/end")
  @Requires(Permission.DATA_ERASE)
  @Takes(body = NoFields.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(Hold.class)
  public Response end(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    body.finish();
    return jdbi.write(
        caller,
        Permission.DATA_ERASE,
        handle -> {
          // What is not this caller's is absent, also to a key that was used for it before.
          Hold before = find(handle, caller, id, " FOR UPDATE");
          return IdempotentPost.of(request, body).run(handle, () -> ended(handle, caller, before));
        });
  }

  private static IdempotentPost.Made ended(Handle handle, Caller caller, Hold before) {
    if (before.endedAt() != null) {
      return new IdempotentPost.Made(200, Map.of(), before);
    }
    handle
        .createUpdate("UPDATE holds SET ended_by = :actor, ended_at = now() WHERE id = :id")
        .bind("actor", caller.actor())
        .bind("id", before.id())
        .execute();
    Hold after = find(handle, caller, before.id(), "");
    Audit.append(
        handle,
        caller,
        new Change(
            "hold.end", before.tenant(), "hold:" + before.id(), before.audited(), after.audited()));
    return new IdempotentPost.Made(200, Map.of(), after);
  }

  static String reason(JsonBody body) {
    return body.requiredText(
        "reason",
        "a text of 1 to " + LONGEST_REASON + " characters",
        text ->
            !text.isBlank()
                && text.length() <= LONGEST_REASON
                && text.chars().noneMatch(Character::isISOControl));
  }

  private static @Nullable LocalDate day(JsonBody body, String field) {
    return body.parsed(
        field,
        "a day such as 2027-01-31",
        text -> {
          try {
            LocalDate day = LocalDate.parse(text);
            return day.getYear() >= 2000 && day.getYear() < 10_000 ? day : null;
          } catch (DateTimeException e) {
            return null;
          }
        });
  }

  private static Hold find(Handle handle, Caller caller, String id, String lock) {
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        Hold.SELECT
            + " WHERE id = :id"
            + Conditions.of(caller, Permission.DATA_ERASE, "tenant").into(binds)
            + lock;
    return Ulid.isValid(id)
        ? handle
            .createQuery(sql)
            .bindMap(binds)
            .bind("id", id)
            .map((row, context) -> Hold.of(row))
            .findOne()
            .orElseThrow(() -> Problem.absent("hold"))
        : absent();
  }

  private static Hold absent() {
    throw Problem.absent("hold");
  }
}
