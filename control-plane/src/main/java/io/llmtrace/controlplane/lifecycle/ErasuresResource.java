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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/erasures}: erasure of data subjects, with signed receipts. */
@Path("/api/v1/erasures")
@Produces("application/json")
public final class ErasuresResource {
  private final ScopedJdbi jdbi;
  private final Ulid ids = new Ulid();

  public ErasuresResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Newest first. */
  @GET
  @Requires(Permission.DATA_ERASE)
  @Takes(query = "tenant")
  public Page<Erasure> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    return Listing.newest(
        jdbi, caller, uri, limit, cursor, Erasure.SELECT, Erasure::of, Erasure::id);
  }

  @GET
  @Path("{id}")
  @Requires(Permission.DATA_ERASE)
  public Erasure get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    return jdbi.read(caller, Permission.DATA_ERASE, handle -> find(handle, caller, id));
  }

  /** Fields of a body that asks for an erasure. */
  static final class OfNew implements BodyFields {
    private record Asked(
        String tenant, @Nullable String consumer, @Nullable String agent, String reason) {}

    @Override
    public void read(JsonBody body) {
      Asked unused = asked(body);
    }

    private static Asked asked(JsonBody body) {
      return new Asked(
          body.requiredText("tenant", TenantId.EXPECTED, TenantId::isOne),
          body.text("consumer", Subject.EXPECTED, Subject::isName),
          body.text("agent", Subject.EXPECTED, Subject::isName),
          HoldsResource.reason(body));
    }
  }

  /** Asks for an erasure; a job does it. */
  @POST
  @Requires(Permission.DATA_ERASE)
  @Takes(body = OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(value = Erasure.class, status = 202, headers = "Location")
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    OfNew.Asked asked = OfNew.asked(body);
    String tenant = asked.tenant();
    String consumer = asked.consumer();
    String agent = asked.agent();
    String reason = asked.reason();
    if (body.isPresent("consumer") == body.isPresent("agent")) {
      body.wrong("consumer", "expected one of consumer and agent");
    }
    Subject subject =
        consumer != null
            ? new Subject(tenant, Subject.Kind.CONSUMER, consumer)
            : new Subject(tenant, Subject.Kind.AGENT, agent == null ? "" : agent);
    if (!subject.name().isEmpty() && reason.contains(subject.name())) {
      body.wrong("reason", "expected a text without the subject: it is kept for ever");
    }
    if (subject.name().equals(Subject.ERASED)) {
      body.wrong(subject.kind().label(), "expected no name that erased ones have in sums");
    }
    body.finish();
    caller.require(Permission.DATA_ERASE, tenant);
    return jdbi.write(
        caller,
        Permission.DATA_ERASE,
        handle ->
            IdempotentPost.of(request, body)
                .run(handle, () -> made(handle, caller, subject, reason)));
  }

  private IdempotentPost.Made made(Handle handle, Caller caller, Subject subject, String reason) {
    String id = ids.next();
    handle
        .createUpdate(
            "INSERT INTO erasures (id, tenant, kind, subject, subject_sha256, reason,"
                + " requested_by) VALUES (:id, :tenant, :kind, :subject, :hash, :reason, :actor)")
        .bind("id", id)
        .bind("tenant", subject.tenant())
        .bind("kind", subject.kind().label())
        .bind("subject", subject.name())
        .bind("hash", Subject.sha256(subject.name()))
        .bind("reason", reason)
        .bind("actor", caller.actor())
        .execute();
    Erasure made = find(handle, caller, id);
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("kind", made.kind());
    shown.put("subject_sha256", made.subjectSha256());
    Audit.append(
        handle,
        caller,
        new Change("erasure.request", subject.tenant(), "erasure:" + id, null, shown));
    return new IdempotentPost.Made(202, Map.of("Location", "/api/v1/erasures/" + id), made);
  }

  private static Erasure find(Handle handle, Caller caller, String id) {
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        Erasure.SELECT
            + " WHERE id = :id"
            + Conditions.of(caller, Permission.DATA_ERASE, "tenant").into(binds);
    Optional<Erasure> found =
        Ulid.isValid(id)
            ? handle
                .createQuery(sql)
                .bindMap(binds)
                .bind("id", id)
                .map((row, context) -> Erasure.of(row))
                .findOne()
            : Optional.empty();
    return found.orElseThrow(() -> Problem.absent("erasure"));
  }
}
