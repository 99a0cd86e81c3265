package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
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
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.WireJson;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/ingest}: where plugins send. */
@Path("/api/v1/ingest")
@Produces("application/json")
public final class IngestResource {
  private static final int COMPRESSED = 8 << 20;
  private static final int RAW = 64 << 20;
  private static final int PIECE = 16 << 10;
  private static final int RECORDS = 10_000;

  /** Nodes are updated after the control plane: what two releases back sent is still read. */
  private static final int OLDEST_SCHEMA = Math.max(1, Batch.SCHEMA - 2);

  private final BodyBudget budget = BodyBudget.ofHeap();
  private final Ingest ingest;
  private final Nodes nodes;

  public IngestResource(Ingest ingest, Nodes nodes) {
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
    try (BodyBudget.Lease lease = budget.lease()) {
      return ingest.accept(caller, batch(read(body, encoding, lease)));
    } catch (BusyException e) {
      throw Problem.busy("too much waits to be stored, send it again", 1);
    }
  }

  private static Batch batch(byte[] json) throws IOException {
    Batch batch = parse(json, Batch.class);
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

  /** Takes how a node is doing; the newest is kept. */
  @POST
  @Requires(Permission.TELEMETRY_WRITE)
  @Path("snapshots")
  @Takes(body = NodeSnapshot.class)
  @Gives(value = Void.class, status = 204)
  public Response snapshot(
      @HeaderParam("Content-Encoding") @Nullable String encoding, InputStream body)
      throws IOException {
    try (BodyBudget.Lease lease = budget.lease()) {
      NodeSnapshot snapshot = parse(read(body, encoding, lease), NodeSnapshot.class);
      refuse(WireRules.name("node", snapshot.node()));
      refuse(WireRules.problem(snapshot, ""));
      nodes.accept(snapshot, StorableJson.of(WireJson.mapper().writeValueAsString(snapshot)));
    } catch (BusyException e) {
      throw Problem.busy("too much is being read, send it again", 1);
    }
    return Response.noContent().build();
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

  /** Unpacks as it reads: nothing is held that the lease does not count. */
  private byte[] read(InputStream body, @Nullable String encoding, BodyBudget.Lease lease)
      throws IOException {
    if (!"gzip".equalsIgnoreCase(encoding)) {
      return bounded(body, COMPRESSED, lease);
    }
    try (GZIPInputStream raw = new GZIPInputStream(body, PIECE)) {
      return bounded(raw, RAW, lease);
    } catch (ZipException | java.io.EOFException e) {
      throw Problem.of(400, "body: expected gzip (" + e.getMessage() + ")");
    }
  }

  private byte[] bounded(InputStream in, int most, BodyBudget.Lease lease) throws IOException {
    long limit = Math.min(most, budget.most());
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    byte[] piece = new byte[PIECE];
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
      lease.take(count);
      read.write(piece, 0, count);
      if (read.size() > limit) {
        throw Problem.of(413, "body: expected at most " + limit + " bytes, unpacked");
      }
    }
    return read.toByteArray();
  }

  private static <T> T parse(byte[] json, Class<T> type) throws IOException {
    try {
      T value = WireJson.mapper().readValue(json, type);
      if (value == null) {
        throw Problem.of(400, "body: expected an object");
      }
      return value;
    } catch (JsonProcessingException e) {
      // A record that misses a list or a map fails in its constructor, which says nothing useful.
      String fault =
          e instanceof ValueInstantiationException
              ? "a list, map or object in it is missing or null"
              : e.getOriginalMessage();
      throw Problem.of(400, place(e) + ": " + fault);
    }
  }

  /** {@code records[3].findings[0].severity}, as far as the fault has a place. */
  private static String place(JsonProcessingException fault) {
    if (!(fault instanceof JsonMappingException mapping) || mapping.getPath().isEmpty()) {
      return "body";
    }
    StringBuilder place = new StringBuilder();
    for (JsonMappingException.Reference step : mapping.getPath()) {
      if (step.getFieldName() == null) {
        place.append('[').append(step.getIndex()).append(']');
      } else {
        place.append(place.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return place.toString();
  }
}
