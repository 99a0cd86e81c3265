package io.llmtrace.controlplane;

import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.policies.wire.Ulid;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Requests for {@link EndpointWalkTest}: for each operation with ids or a body one that concerns a
 * given tenant and would succeed for somebody who may.
 */
final class WalkSamples {
  /**
   * A request.
   *
   * @param ifMatch the header {@code If-Match}; null sends none
   */
  record Sample(String path, String body, String ifMatch) {
    Sample(String path, String body) {
      this(path, body, null);
    }

    /** Names and values in turn. */
    String[] headers() {
      return ifMatch == null ? new String[0] : new String[] {"If-Match", ifMatch};
    }
  }

  /** Makes a request that concerns a tenant. */
  interface Maker {
    Sample make(String tenant) throws Exception;
  }

  private final TestControlPlane plane;
  private final Ulid ids = new Ulid();
  private final Map<String, Maker> makers = new LinkedHashMap<>();

  WalkSamples(TestControlPlane plane) {
    this.plane = plane;
    budgets();
    makers.put("POST /api/v1/ingest/batches", tenant -> batch());
    makers.put("POST /api/v1/ingest/snapshots", tenant -> snapshot());
    makers.put("GET /api/v1/exchanges/{id}", this::exchangeOf);
    makers.put("GET /api/v1/tenants/{id}", tenant -> new Sample("/api/v1/tenants/" + tenant, null));
    makers.put(
        "POST /api/v1/tenants",
        tenant -> new Sample("/api/v1/tenants", "{\"id\":\"t-" + ids.next() + "\"}"));
    makers.put(
        "PATCH /api/v1/tenants/{id}",
        tenant -> new Sample("/api/v1/tenants/" + tenant, "{\"name\":\"" + tenant + "\"}", "*"));
    makers.put("GET /api/v1/keys/{id}", this::keyOf);
    makers.put(
        "POST /api/v1/keys",
        tenant ->
            new Sample(
                "/api/v1/keys",
                "{\"name\":\"k\",\"role\":\"viewer\",\"tenants\":[\"" + tenant + "\"]}"));
    makers.put(
        "PATCH /api/v1/keys/{id}",
        tenant -> new Sample("/api/v1/keys/" + key(tenant), "{\"name\":\"n\"}", "*"));
    makers.put(
        "POST /api/v1/keys/{id}/rotate",
        tenant -> new Sample("/api/v1/keys/" + key(tenant) + "/rotate", "{}"));
    makers.put(
        "POST /api/v1/keys/{id}/revoke",
        tenant -> new Sample("/api/v1/keys/" + key(tenant) + "/revoke", "{}"));
  }

  private void budgets() {
    makers.put("GET /api/v1/budgets/{id}", this::budgetOf);
    makers.put(
        "POST /api/v1/budgets",
        tenant ->
            new Sample(
                "/api/v1/budgets", "{\"name\":\"b\",\"tenant\":\"" + tenant + "\",\"usd\":5}"));
    makers.put(
        "PATCH /api/v1/budgets/{id}",
        tenant -> new Sample(budgetOf(tenant).path(), "{\"name\":\"n\"}", "*"));
    makers.put(
        "DELETE /api/v1/budgets/{id}", tenant -> new Sample(budgetOf(tenant).path(), null, "*"));
    makers.put(
        "POST /api/v1/ingest/leases",
        tenant ->
            new Sample(
                "/api/v1/ingest/leases",
                ("{\"node\":\"walk\",\"demands\":[{\"limit\":\"l\",\"key\":{\"tenant\":\"%s\"},"
                        + "\"kind\":\"concurrent\",\"total\":9,\"demand\":1,\"holds\":0}]}")
                    .formatted(tenant)));
  }

  private Sample budgetOf(String tenant) throws Exception {
    String made =
        TestControlPlane.json(
                plane.call(
                    "POST",
                    "/api/v1/budgets",
                    plane.admin(),
                    "{\"name\":\"b of %s\",\"tenant\":\"%s\",\"usd\":5}".formatted(tenant, tenant)))
            .path("id")
            .asText();
    return new Sample("/api/v1/budgets/" + made, null);
  }

  boolean covers(ApiOperation operation) {
    boolean plain = operation.verb().equals("GET") && !operation.path().contains("{");
    return plain || makers.containsKey(name(operation));
  }

  Sample of(ApiOperation operation, String tenant) throws Exception {
    Maker maker = makers.get(name(operation));
    return maker == null ? new Sample(operation.path(), null) : maker.make(tenant);
  }

  /** The path with an id that nothing has. */
  String absent(ApiOperation operation, String id) {
    return operation.path().replaceAll("\\{[^}]*}", id);
  }

  /** Puts something of a tenant into everything that is listed. */
  void fill(String tenant) throws Exception {
    for (Maker maker : List.<Maker>of(this::exchangeOf, this::keyOf)) {
      Sample unused = maker.make(tenant);
    }
  }

  private Sample exchangeOf(String tenant) throws Exception {
    return new Sample("/api/v1/exchanges/" + exchange(tenant), null);
  }

  private Sample keyOf(String tenant) throws Exception {
    return new Sample("/api/v1/keys/" + key(tenant), null);
  }

  private static String name(ApiOperation operation) {
    return operation.verb() + " " + operation.path();
  }

  private String key(String tenant) throws Exception {
    return plane.newKey("viewer", "[\"" + tenant + "\"]", "[]").get("id").asText();
  }

  private String exchange(String tenant) throws Exception {
    String id = ids.next();
    plane.sql(
        "INSERT INTO inspections (decision_id, at, node, route, tenant, record) VALUES ('%s', 1,"
                .formatted(id)
            + " 'walk', 'walk', '%s', '{\"tenant\": \"%s\"}')".formatted(tenant, tenant));
    plane.sql(
        "INSERT INTO findings (decision_id, at, type, severity, route, tenant, record) VALUES"
            + " ('%s', 1, 'jailbreak', 'high', 'walk', '%s', '{}')".formatted(id, tenant));
    return id;
  }

  private Sample batch() {
    return new Sample(
        "/api/v1/ingest/batches",
        "{\"schema\":1,\"node\":\"walk\",\"boot_id\":\"%s\",\"sequence\":1,\"records\":[]}"
            .formatted(ids.next()));
  }

  private static Sample snapshot() {
    return new Sample(
        "/api/v1/ingest/snapshots",
        "{\"node\":\"walk\",\"boot_id\":\"b\",\"at\":1,\"version\":\"1\",\"started_at\":1,"
            + "\"breakers\":{},\"active_connections\":0,\"models\":{},\"bundle_revision\":0,"
            + "\"spool_bytes\":0,\"routes\":[],\"problems\":[]}");
  }
}
