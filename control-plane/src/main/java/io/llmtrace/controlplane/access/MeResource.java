package io.llmtrace.controlplane.access;

import io.llmtrace.controlplane.http.QueryParameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@code GET /api/v1/me}: who a token is and what it may do. */
@Path("/api/v1/me")
@Produces("application/json")
public final class MeResource {
  /**
   * A caller, told to themselves.
   *
   * @param kind {@code key} or {@code oidc}
   * @param permissions tenants by permission; {@code *} alone is all of them
   */
  public record Me(
      String id, String kind, List<Held> grants, Map<String, List<String>> permissions) {}

  /** A role and the tenants it is held for. */
  public record Held(String role, List<String> tenants) {}

  /** Shows the caller to themselves. */
  @GET
  @AnyCaller
  public Me me(@Context Caller caller, @Context UriInfo uri) {
    QueryParameters.only(uri);
    Map<String, List<String>> permissions = new TreeMap<>();
    caller
        .permissions()
        .forEach(each -> permissions.put(each.label(), names(caller.tenants(each))));
    return new Me(
        caller.id(),
        caller.kind().name().toLowerCase(Locale.ROOT),
        caller.grants().stream()
            .map(grant -> new Held(grant.role().label(), names(grant.tenants())))
            .toList(),
        permissions);
  }

  private static List<String> names(TenantScope scope) {
    return scope instanceof TenantScope.Only only
        ? only.tenants().stream().sorted().toList()
        : List.of("*");
  }
}
