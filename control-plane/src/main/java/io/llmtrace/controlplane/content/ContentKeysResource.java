package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/content-keys}: the keys that encrypt captured content. */
@Path("/api/v1/content-keys")
@Produces("application/json")
public final class ContentKeysResource {
  private final @Nullable ContentKeys keys;

  /**
   * @param keys null where there is no keyring
   */
  public ContentKeysResource(@Nullable ContentKeys keys) {
    this.keys = keys;
  }

  /**
   * A key, without its secret.
   *
   * @param createdAt RFC 3339
   * @param active whether it encrypts what comes from now on
   * @param rows parts of exchanges that need it
   */
  public record ContentKey(String id, String createdAt, boolean active, long rows) {
    static ContentKey of(Keyring.Key key, long rows) {
      return new ContentKey(key.id(), key.createdAt(), key.active(), rows);
    }
  }

  /** Lists the keys, the oldest first; none where no keyring is configured. */
  @GET
  @Requires(value = Permission.KEYS_READ, reach = Reach.INSTALLATION)
  public Page<ContentKey> list(@Context UriInfo uri) {
    QueryParameters.only(uri);
    if (keys == null) {
      return new Page<>(List.of(), null);
    }
    Map<String, Long> rows = keys.rows();
    return new Page<>(
        keys.keys().stream()
            .map(key -> ContentKey.of(key, rows.getOrDefault(key.id(), 0L)))
            .toList(),
        null);
  }

  /**
   * Makes a new key and encrypts under it from now on. What is stored is moved over to it in the
   * background; the old keys stay until they are retired.
   */
  @POST
  @Path("rotate")
  @Requires(value = Permission.KEYS_WRITE, reach = Reach.INSTALLATION)
  public ContentKey rotate(@Context Caller caller) {
    return ContentKey.of(keyring().rotate(caller), 0);
  }

  /** Destroys a key that nothing needs any more; 409 while something does. */
  @POST
  @Path("{id}/retire")
  @Requires(value = Permission.KEYS_WRITE, reach = Reach.INSTALLATION)
  @Gives(value = Void.class, status = 204)
  public Response retire(@Context Caller caller, @PathParam("id") String id) {
    keyring().retire(caller, id);
    return Response.noContent().build();
  }

  private ContentKeys keyring() {
    if (keys == null) {
      throw Problem.of(409, "this installation has no keyring, set control_plane.content.keyring");
    }
    return keys;
  }
}
