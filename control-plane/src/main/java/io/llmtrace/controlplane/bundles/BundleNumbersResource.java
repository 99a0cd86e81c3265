package io.llmtrace.controlplane.bundles;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.access.AnyCaller;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.query.Rows;
import io.llmtrace.controlplane.signing.SigningKey;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/bundles}: what instances were given, and what signs it. */
@Path("/api/v1/policies")
@Produces("application/json")
public final class BundleNumbersResource {
  /**
   * A bundle that an instance was given.
   *
   * @param givenAt epoch milliseconds
   * @param digest of what it held
   */
  record GivenBundle(
      long revision, String node, long givenAt, String digest, List<GivenVersion> versions) {}

  /**
   * A version in a bundle.
   *
   * @param policy its id
   * @param tenant whose; absent for everybody's
   * @param role {@code active} or {@code shadow}
   */
  record GivenVersion(
      String policy,
      @Nullable String tenant,
      String name,
      int version,
      String role,
      boolean standard) {}

  /**
   * Keys of bundles.
   *
   * @param keys the one that signs first
   */
  record BundleKeys(List<BundleKey> keys) {}

  /**
   * A public key.
   *
   * @param id first 16 hex digits of its SHA-256
   * @param publicKey SubjectPublicKeyInfo in PEM
   * @param signs whether it signs now
   */
  record BundleKey(String id, String publicKey, boolean signs) {}

  private final ScopedJdbi jdbi;
  private final BundleKeyring keyring;

  public BundleNumbersResource(ScopedJdbi jdbi, BundleKeyring keyring) {
    this.jdbi = jdbi;
    this.keyring = keyring;
  }

  /** Shows which versions of policies a revision held, as records name it. */
  @GET
  @Path("bundles/{revision}")
  @Requires(value = Permission.POLICIES_READ, reach = Reach.INSTALLATION)
  public GivenBundle bundle(
      @Context Caller caller, @Context UriInfo uri, @PathParam("revision") String revision) {
    QueryParameters.only(uri);
    if (!revision.matches("[0-9]{1,18}")) {
      throw Problem.absent("bundle");
    }
    return jdbi.read(
        caller,
        Permission.POLICIES_READ,
        handle ->
            handle
                .createQuery(
                    "SELECT r.revision, r.node, r.digest, c.versions::text AS versions,"
                        + " CAST(extract(epoch FROM r.at) * 1000 AS bigint) AS at"
                        + " FROM bundle_revisions r JOIN bundle_contents c USING (digest)"
                        + " WHERE r.revision = :revision")
                .bind("revision", Long.parseLong(revision))
                .map((row, context) -> given(row))
                .findOne()
                .orElseThrow(() -> Problem.absent("bundle")));
  }

  private static GivenBundle given(ResultSet row) throws SQLException {
    List<GivenVersion> versions = new ArrayList<>();
    for (JsonNode each : Rows.json(row.getString("versions"))) {
      versions.add(
          new GivenVersion(
              each.path("policy").asText(),
              each.hasNonNull("tenant") ? each.path("tenant").asText() : null,
              each.path("name").asText(),
              each.path("version").asInt(),
              each.path("role").asText().toLowerCase(java.util.Locale.ROOT),
              each.path("standard").asBoolean()));
    }
    return new GivenBundle(
        row.getLong("revision"),
        row.getString("node"),
        row.getLong("at"),
        row.getString("digest"),
        versions);
  }

  /** Shows the public keys of bundles, for instances to pin. */
  @GET
  @Path("signing-keys")
  @AnyCaller
  public BundleKeys keys(@Context UriInfo uri) {
    QueryParameters.only(uri);
    List<BundleKey> keys = new ArrayList<>();
    for (SigningKey each : keyring.keys()) {
      keys.add(new BundleKey(each.id(), each.publicPem(), keys.isEmpty()));
    }
    return new BundleKeys(keys);
  }
}
