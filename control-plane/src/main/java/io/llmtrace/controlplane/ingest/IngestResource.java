package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.nodes.Nodes;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.NodeSnapshot;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/ingest}: where plugins send. */
@Path("/api/v1/ingest")
@Produces("application/json")
public final class IngestResource {
  private static final int RECORDS = 10_000;

  /** Of a snapshot, unpacked; a node tells of 500 routes at most. */
  private static final int SNAPSHOT = 1 << 20;

  /** Nodes are updated after the control plane: what two releases back sent is still read. */
  private static final int OLDEST_SCHEMA = Math.max(1, Batch.SCHEMA - 2);

  private final WireBody bodies;
  private final Ingest ingest;
  private final Nodes nodes;

  public IngestResource(WireBody bodies, Ingest ingest, Nodes nodes) {
    this.bodies = bodies;
    this.ingest = ingest;
    this.nodes = nodes;
  }

  /**
   * Stores a batch of records. Once for each key, node, boot id and sequence, however often it is
   * sent.
   */
  @POST
  @Requires(Permission.TELEMETRY_WRITE)
  @Path("batches")
  @Takes(body = Batch.class)
  public BatchAck batch(
      @Context Caller caller,
      @HeaderParam("Content-Encoding") @Nullable String encoding,
      InputStream body)
      throws IOException {
    return bodies.use(
        body,
        encoding,
        Batch.class,
        "too much waits to be stored, send it again",
        batch -> ingest.accept(caller, good(batch)));
  }

  private static Batch good(Batch batch) {
    if (batch.schema() < OLDEST_SCHEMA || batch.schema() > Batch.SCHEMA) {
      throw Problem.of(
          400,
          "schema: expected "
              + (OLDEST_SCHEMA == Batch.SCHEMA ? "" : OLDEST_SCHEMA + " to ")
              + Batch.SCHEMA
              + ", was "
              + batch.schema());
    }
    refuse(WireRules.problem(batch));
    if (batch.records().size() > RECORDS) {
      throw Problem.of(413, "records: expected at most " + RECORDS);
    }
    return batch;
  }

  /**
   * Takes how a node is doing; the newest is kept. A name is that of the instance which used it
   * first: one whose key is for other tenants is refused with 409 as long as the other reports.
   */
  @POST
  @Requires(Permission.TELEMETRY_WRITE)
  @Path("snapshots")
  @Takes(body = NodeSnapshot.class)
  @Gives(value = Void.class, status = 204)
  public Response snapshot(
      @Context Caller caller,
      @HeaderParam("Content-Encoding") @Nullable String encoding,
      InputStream body)
      throws IOException {
    return bodies.use(
        body,
        encoding,
        SNAPSHOT,
        NodeSnapshot.class,
        "too much is being read, send it again",
        snapshot -> {
          refuse(WireRules.name("node", snapshot.node()));
          refuse(WireRules.problem(snapshot, ""));
          nodes.accept(
              caller.tenants(Permission.TELEMETRY_WRITE),
              snapshot,
              StorableJson.of(WireJson.mapper().writeValueAsString(snapshot)));
          return Response.noContent().build();
        });
  }

  /**
   * Lists batches that were kept as they came, because they could not be stored; the newest first.
   */
  @GET
  @Requires(value = Permission.SETTINGS_READ, reach = Reach.INSTALLATION)
  @Path("set-aside")
  public Page<SetAside.SetAsideBatch> setAside(@Context UriInfo uri) {
    QueryParameters.only(uri);
    return new Page<>(ingest.setAside(), null);
  }

  /** Tries a batch that was set aside again. */
  @POST
  @Requires(value = Permission.SETTINGS_WRITE, reach = Reach.INSTALLATION)
  @Path("set-aside/{id}/replay")
  public BatchAck replay(@Context Caller caller, @PathParam("id") String id) {
    long number;
    try {
      number = Long.parseLong(id);
    } catch (NumberFormatException e) {
      throw Problem.absent("batch that was set aside");
    }
    return ingest
        .replay(caller, number)
        .orElseThrow(() -> Problem.absent("batch that was set aside"));
  }

  private static void refuse(@Nullable String problem) {
    if (problem != null) {
      throw Problem.of(400, problem);
    }
  }
}
