package io.llmtrace.controlplane.policies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.exchanges.ExchangeFilter;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.trial.Sample;
import io.llmtrace.policies.trial.TrialReader;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/simulations}: what a policy would have done. */
@Path("/api/v1/policies/simulations")
@Produces("application/json")
public final class SimulationsResource {
  private static final int MOST_EXCHANGES = 100_000;
  private static final int USUAL_EXCHANGES = 10_000;
  private static final int MOST_SAMPLES = 1_000;
  private static final Duration USUAL_SPAN = Duration.ofDays(7);

  /** A simulation whose replica has not been heard of for so long ended with its replica. */
  private static final long DEAD_SECONDS = 60;

  private static final List<String> FILTER =
      List.of(
          "tenant",
          "route",
          "consumer",
          "agent",
          "provider",
          "model",
          "conversation",
          "outcome",
          "action",
          "finding_type",
          "finding_severity",
          "since",
          "until");

  /** Body of a simulation. */
  static final class OfNew implements BodyFields {
    private record Fields(
        @Nullable String tenant,
        @Nullable String source,
        @Nullable String policy,
        int version,
        @Nullable ObjectNode filter,
        int most,
        @Nullable String samples) {}

    @Override
    public void read(JsonBody body) {
      Fields unused = fields(body);
    }

    private static Fields fields(JsonBody body) {
      Fields fields =
          new Fields(
              body.text("tenant", TenantId.EXPECTED, TenantId::isOne),
              body.text(
                  "source",
                  PolicyText.EXPECTED,
                  text -> !text.isBlank() && text.length() <= PolicyText.LONGEST),
              body.text("policy", "the id of a policy", Ulid::isValid),
              (int) body.integer("version", 0, 1, 999_999_999),
              body.object("filter"),
              (int) body.integer("most", USUAL_EXCHANGES, 1, MOST_EXCHANGES),
              body.text(
                  "samples",
                  "up to " + MOST_SAMPLES + " requests, each an object of JSON on a line",
                  text -> !text.isBlank()));
      if (body.isPresent("source") == body.isPresent("policy")) {
        body.wrong("source", "expected it or policy, and not both");
      }
      if (body.isPresent("filter") && body.isPresent("samples")) {
        body.wrong("samples", "expected it or filter, and not both");
      }
      if (body.isPresent("tenant") && body.isPresent("policy")) {
        body.wrong("tenant", "expected for source only: a policy says whose it is");
      }
      return fields;
    }
  }

  /**
   * A simulation.
   *
   * @param tenant whose exchanges; absent for those of all
   * @param state {@code waiting}, {@code running}, {@code done} or {@code failed}
   * @param done exchanges or samples that were looked at
   * @param total as many as will be, at most
   * @param createdAt epoch milliseconds
   * @param problem why it failed
   */
  record Simulation(
      String id,
      @Nullable String tenant,
      String state,
      int done,
      int total,
      long createdAt,
      @Nullable String problem,
      @Nullable SimulationResult result) {}

  private final ScopedJdbi jdbi;
  private final Simulations simulations;
  private final Clock clock;

  public SimulationsResource(ScopedJdbi jdbi, Simulations simulations, Clock clock) {
    this.jdbi = jdbi;
    this.simulations = simulations;
    this.clock = clock;
  }

  /**
   * Tries a policy on stored exchanges, or on samples, in the background.
   *
   * <p>{@code source} is a policy that is not stored, of {@code tenant}; {@code policy} and {@code
   * version} name a stored one. {@code filter} holds filters of the list of exchanges; without
   * {@code since} it begins seven days ago. {@code samples} are requests as test files write them,
   * each as JSON on a line; they are inspected by the detectors as shipped.
   */
  @POST
  @Requires(Permission.POLICIES_WRITE)
  @Takes(body = OfNew.class)
  @Gives(value = Simulation.class, status = 202, headers = "Location")
  public Response begin(@Context Caller caller, InputStream in) throws IOException {
    JsonBody body = JsonBody.read(in, PolicyText.LARGEST_BODY);
    OfNew.Fields fields = OfNew.fields(body);
    body.finish();
    Simulations.Tried tried = tried(caller, fields);
    String tenant = tenant(caller, fields, tried);
    Simulations.On on =
        fields.samples() == null
            ? new Simulations.On.Stored(filter(caller, fields, tenant), fields.most())
            : new Simulations.On.Samples(samples(fields.samples()));
    String id = simulations.begin(caller, tenant, tried, on);
    return Response.status(202)
        .entity(found(caller, id))
        .header("Location", "/api/v1/policies/simulations/" + id)
        .build();
  }

  private Simulations.Tried tried(Caller caller, OfNew.Fields fields) {
    String source = fields.source();
    if (source != null) {
      LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
      return new Simulations.Tried(
          fields.tenant(), PolicyText.required(source, today).policy(), null);
    }
    String id = Objects.requireNonNull(fields.policy());
    return jdbi.read(
        caller,
        Permission.POLICIES_READ,
        handle -> {
          PolicyRow policy = PolicyStore.find(handle, caller, Permission.POLICIES_READ, id, "");
          int version = fields.version() == 0 ? policy.newest() : fields.version();
          PolicyStore.Version unused = Approval.of(handle, policy, version);
          Integer active = PolicyStore.standing(handle, id).active();
          Policy now = active == null ? null : PolicyStore.compiled(handle, id, active);
          return new Simulations.Tried(
              policy.tenant(), PolicyStore.compiled(handle, id, version), now);
        });
  }

  /** Whose exchanges: those of the policy's tenant, or of the filter's. */
  private static @Nullable String tenant(
      Caller caller, OfNew.Fields fields, Simulations.Tried tried) {
    ObjectNode filter = fields.filter();
    String filtered =
        filter == null || !filter.hasNonNull("tenant") ? null : filter.path("tenant").asText();
    String own = tried.tenant();
    if (own != null && filtered != null && !filtered.equals(own)) {
      throw Problem.field("/filter/tenant", "expected " + own + ", whose policy it is");
    }
    String tenant = own == null ? filtered : own;
    TenantScope scope = tenant == null ? TenantScope.all() : TenantScope.of(tenant);
    caller.require(Permission.POLICIES_WRITE, scope);
    if (fields.samples() == null) {
      caller.require(Permission.EXCHANGES_READ, scope);
    }
    return tenant;
  }

  private ExchangeFilter filter(Caller caller, OfNew.Fields fields, @Nullable String tenant) {
    ObjectNode given = fields.filter();
    ObjectNode filter = given == null ? JsonNodeFactory.instance.objectNode() : given.deepCopy();
    if (tenant != null) {
      filter.put("tenant", tenant);
    }
    if (!filter.has("since")) {
      filter.put("since", clock.instant().minus(USUAL_SPAN).toString());
    }
    return ExchangeFilter.of(caller, Permission.EXCHANGES_READ, Parameters.of(filter, FILTER));
  }

  private static Map<Integer, Sample> samples(String lines) {
    Map<Integer, Sample> samples = new LinkedHashMap<>();
    int line = 0;
    for (String each : lines.split("\n", -1)) {
      line++;
      if (each.isBlank()) {
        continue;
      }
      if (samples.size() == MOST_SAMPLES) {
        throw Problem.field("/samples", "expected at most " + MOST_SAMPLES);
      }
      try {
        samples.put(line, TrialReader.sample(each));
      } catch (PolicyProblemsException e) {
        throw new jakarta.ws.rs.WebApplicationException(
            e,
            Problem.field("/samples", "line " + line + ": " + e.problems().get(0)).getResponse());
      }
    }
    return samples;
  }

  /** Says how far a simulation is, and what came of it; they are kept for seven days. */
  @GET
  @Path("{id}")
  @Requires(Permission.POLICIES_READ)
  public Simulation simulation(
      @Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    if (!Ulid.isValid(id)) {
      throw Problem.absent("simulation");
    }
    return found(caller, id);
  }

  private Simulation found(Caller caller, String id) {
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        "SELECT id, tenant, done, total, result::text AS result, problem, CASE WHEN state"
            + " IN ('waiting', 'running') AND beat_at < now() - make_interval(secs => :dead) THEN 'lost'"
            + " ELSE state END AS state,"
            + " CAST(extract(epoch FROM created_at) * 1000 AS bigint) AS created_at"
            + " FROM policy_simulations WHERE id = :id"
            + Conditions.of(caller, Permission.POLICIES_READ, "tenant").into(binds);
    return jdbi.read(
        caller,
        Permission.POLICIES_READ,
        handle ->
            handle
                .createQuery(sql)
                .bindMap(binds)
                .bind("id", id)
                .bind("dead", DEAD_SECONDS)
                .map((row, context) -> simulation(row))
                .findOne()
                .orElseThrow(() -> Problem.absent("simulation")));
  }

  private static Simulation simulation(ResultSet row) throws SQLException {
    String state = row.getString("state");
    boolean lost = state.equals("lost");
    String result = row.getString("result");
    return new Simulation(
        row.getString("id"),
        row.getString("tenant"),
        lost ? "failed" : state,
        row.getInt("done"),
        row.getInt("total"),
        row.getLong("created_at"),
        lost ? "the replica that had it ended" : row.getString("problem"),
        result == null ? null : result(result));
  }

  private static SimulationResult result(String json) {
    try {
      return WireJson.mapper().readValue(json, SimulationResult.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored result cannot be read", e);
    }
  }
}
