package io.llmtrace.controlplane.access;

import io.llmtrace.controlplane.http.Problem;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whoever sent this request, and what they may do for which tenants. Methods of resources take it
 * as {@code @Context Caller}. Immutable.
 */
public final class Caller {
  /** How a caller proved who they are. */
  public enum Kind {
    /** An API key. */
    KEY,
    /** A JSON Web Token of the configured issuer. */
    OIDC
  }

  private static final String PROPERTY = "llmtrace.caller";

  private final String id;
  private final Kind kind;
  private final String lineage;
  private final List<Grant> grants;
  private final Map<Permission, TenantScope> permissions = new EnumMap<>(Permission.class);
  private final Origin origin;

  /**
   * @param id of the key, or subject of the token
   * @param lineage of a key that replaces another: the id of the first one; else {@code id}
   * @param scopes what a key is narrowed to; empty narrows nothing
   */
  public Caller(
      String id,
      Kind kind,
      String lineage,
      List<Grant> grants,
      Set<Permission> scopes,
      Origin origin) {
    this.id = id;
    this.kind = kind;
    this.lineage = lineage;
    this.grants = List.copyOf(grants);
    this.origin = origin;
    for (Grant grant : grants) {
      for (Permission permission : grant.role().permissions()) {
        if (!grant.tenants().isEmpty() && (scopes.isEmpty() || scopes.contains(permission))) {
          permissions.merge(permission, grant.tenants(), TenantScope::plus);
        }
      }
    }
  }

  /** The caller of a request that the filter has let through. */
  public static Caller of(ContainerRequestContext request) {
    if (request.getProperty(PROPERTY) instanceof Caller caller) {
      return caller;
    }
    throw Problem.unauthorized();
  }

  static boolean isKnown(ContainerRequestContext request) {
    return request.getProperty(PROPERTY) instanceof Caller;
  }

  void attachTo(ContainerRequestContext request) {
    request.setProperty(PROPERTY, this);
  }

  public String id() {
    return id;
  }

  public Kind kind() {
    return kind;
  }

  /** Unique over kinds, such as {@code key:01J…}. */
  public String actor() {
    return (kind == Kind.KEY ? "key:" : "oidc:") + id;
  }

  /** Stays the same when a key is rotated, so that what was sent with the old one is known. */
  public String lineage() {
    return lineage;
  }

  public List<Grant> grants() {
    return grants;
  }

  public Origin origin() {
    return origin;
  }

  /** All permissions that the caller has for any tenant. */
  public Set<Permission> permissions() {
    return permissions.isEmpty()
        ? Set.of()
        : Collections.unmodifiableSet(EnumSet.copyOf(permissions.keySet()));
  }

  /** The tenants for which the caller has a permission; they bound what a query may see. */
  public TenantScope tenants(Permission permission) {
    return permissions.getOrDefault(permission, TenantScope.none());
  }

  public boolean may(Permission permission, TenantScope tenants) {
    return tenants(permission).includes(tenants);
  }

  /**
   * Refuses whoever may not do this for this tenant, in the same words whether or not there is such
   * a tenant.
   *
   * @throws jakarta.ws.rs.WebApplicationException 403
   */
  public void require(Permission permission, String tenant) {
    require(permission, TenantScope.of(tenant));
  }

  /**
   * Refuses whoever may not do this for all of these tenants.
   *
   * @throws jakarta.ws.rs.WebApplicationException 403
   */
  public void require(Permission permission, TenantScope tenants) {
    if (!may(permission, tenants)) {
      throw Problem.of(
          403,
          permission.label()
              + (tenants instanceof TenantScope.All
                  ? " is needed for all tenants"
                  : " is needed for this tenant"));
    }
  }

  static RuntimeException refusal(Permission permission) {
    return Problem.of(403, permission.label() + " is needed");
  }

  @Override
  public String toString() {
    return actor();
  }
}
