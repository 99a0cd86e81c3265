package io.llmtrace.controlplane.openapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.access.Access;
import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.policies.json.WireJson;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import java.util.List;

/**
 * {@code GET /api/v1/openapi.json}: the document, for everybody. It tells what anybody can read in
 * the sources and nothing of who uses the service. Immutable.
 */
@Path(Access.DOCUMENT)
public final class OpenApiResource {
  // Never changed and never out of this class but as an answer.
  private final byte[] document;

  /**
   * Makes the document.
   *
   * @throws IllegalStateException when an operation cannot be described
   */
  public OpenApiResource(List<ApiOperation> operations) {
    String version = OpenApiResource.class.getPackage().getImplementationVersion();
    try {
      document =
          WireJson.mapper()
              .writeValueAsBytes(
                  OpenApiDocument.of(operations, version == null ? "development" : version));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always written", e);
    }
  }

  @GET
  @Produces("application/json")
  public byte[] document() {
    return document.clone();
  }
}
