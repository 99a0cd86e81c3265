package io.llmtrace.controlplane.signing;

import io.llmtrace.controlplane.access.AnyCaller;
import io.llmtrace.controlplane.http.QueryParameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;

/** {@code /api/v1/signing-key}: the public half of what signs. */
@Path("/api/v1/signing-key")
@Produces("application/json")
public final class SigningKeyResource {
  private final SigningKey key;

  public SigningKeyResource(SigningKey key) {
    this.key = key;
  }

  /**
   * A public key.
   *
   * @param keyId as signatures name it
   * @param publicKey SubjectPublicKeyInfo in PEM
   */
  public record PublicKey(String keyId, String algorithm, String publicKey) {}

  @GET
  @AnyCaller
  public PublicKey get(@Context UriInfo uri) {
    QueryParameters.only(uri);
    return new PublicKey(key.id(), "Ed25519", key.publicPem());
  }
}
