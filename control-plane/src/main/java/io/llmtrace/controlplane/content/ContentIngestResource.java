package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.ingest.WireBody;
import io.llmtrace.policies.wire.ContentAck;
import io.llmtrace.policies.wire.ContentBatch;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/ingest/content}: where plugins send content. */
@Path("/api/v1/ingest/content")
@Produces("application/json")
public final class ContentIngestResource {
  private final WireBody bodies;
  private final ContentStore store;

  public ContentIngestResource(WireBody bodies, ContentStore store) {
    this.bodies = bodies;
    this.store = store;
  }

  /**
   * Encrypts and stores captured content. A part of an exchange that is stored already is left as
   * it is; what is refused is counted and need not be sent again.
   */
  @POST
  @Requires(Permission.TELEMETRY_WRITE)
  @Takes(body = ContentBatch.class)
  public ContentAck content(
      @Context Caller caller,
      @HeaderParam("Content-Encoding") @Nullable String encoding,
      InputStream body)
      throws IOException {
    return bodies.use(
        body,
        encoding,
        ContentBatch.class,
        "too much content is being stored, send it again",
        batch -> {
          String problem = ContentRules.problem(batch);
          if (problem != null) {
            throw Problem.of(400, problem);
          }
          return store.accept(caller, batch);
        });
  }
}
