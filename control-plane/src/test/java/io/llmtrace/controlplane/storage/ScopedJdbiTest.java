package io.llmtrace.controlplane.storage;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.policies.id.Ulid;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class ScopedJdbiTest {
  private static TestControlPlane plane;
  private static Jdbi jdbi;
  private static ScopedJdbi scoped;

  @BeforeAll
  static void use(TestControlPlane given) throws Exception {
    plane = given;
    jdbi = Jdbi.create(given.url());
    scoped = new ScopedJdbi(() -> jdbi);
    Ulid ids = new Ulid();
    for (String tenant : List.of(OWN, FOREIGN)) {
      String id = ids.next();
      new StoredRows(given)
          .exchange(id, tenant, "wall", "")
          .finding(id, tenant, "request", 1, "t", "low", "e")
          .completion(id, tenant, 200, 1, "0.5");
      given.sql(
          "INSERT INTO rollups SELECT 'tenant', 'day', now(), '%s', '', '',".formatted(tenant)
              + " 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0");
      given.sql(
          "INSERT INTO set_aside (key_id, node, kind, decision_id, tenant, reason, record)"
              + " VALUES ('k', 'n', 'inspection', '%s', '%s', 'r', '{}')".formatted(id, tenant));
      String unused = given.key("viewer", tenant);
    }
    String unused = given.key("viewer", OWN, FOREIGN);
  }

  private static Caller admin(TenantScope tenants) {
    return new Caller(
        "c",
        Caller.Kind.KEY,
        "c",
        List.of(new Grant(Role.ADMIN, tenants)),
        Set.of(),
        new Origin("a", "u", "r"));
  }

  @Test
  void aQueryThatForgotItsTenantSeesNothingForeign() {
    for (String query :
        List.of(
            "SELECT DISTINCT tenant FROM exchanges WHERE route = 'wall'",
            "SELECT DISTINCT tenant FROM findings",
            "SELECT DISTINCT tenant FROM rollups WHERE dimension = 'tenant'",
            "SELECT DISTINCT tenant FROM set_aside",
            "SELECT DISTINCT tenant FROM completions",
            "SELECT DISTINCT id FROM tenants",
            "SELECT DISTINCT tenant FROM audit",
            "SELECT DISTINCT unnest(tenants) FROM api_keys")) {
      assertThat(seen(TenantScope.of(OWN), query)).as(query).containsExactly(OWN);
      assertThat(seen(TenantScope.none(), query)).as(query).isEmpty();
      assertThat(seen(TenantScope.all(), query)).as(query).contains(OWN, FOREIGN);
      assertThat(seen(TenantScope.of(OWN, FOREIGN), query))
          .as(query)
          .containsExactlyInAnyOrder(OWN, FOREIGN);
    }
  }

  private static List<String> seen(TenantScope tenants, String query) {
    return scoped.read(
        admin(tenants),
        Permission.EXCHANGES_READ,
        handle -> handle.createQuery(query).mapTo(String.class).list());
  }

  @Test
  void packsOfAllTenantsAreForCallersOfAllOfThem() throws Exception {
    plane.sql("INSERT INTO rollup_packs VALUES ('consumer', 'day', now(), 'x', 'x')");
    String query = "SELECT DISTINCT dimension FROM rollup_packs";
    assertThat(seen(TenantScope.all(), query)).contains("consumer");
    assertThat(seen(TenantScope.of(OWN, FOREIGN), query)).isEmpty();
    assertThat(seen(TenantScope.none(), query)).isEmpty();
  }

  @Test
  void everyTableOfATenantIsBehindTheWall() {
    List<String> open =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT DISTINCT c.relname FROM pg_class c"
                            + " JOIN pg_attribute a ON a.attrelid = c.oid"
                            + " WHERE a.attname IN ('tenant', 'tenants') AND NOT a.attisdropped"
                            + " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
                            + " AND c.relnamespace = 'public'::regnamespace"
                            + " AND NOT c.relrowsecurity")
                    .mapTo(String.class)
                    .list());
    assertThat(open).as("CALL llmtrace_guard for these").isEmpty();
    // What the role may touch at all is guarded, and a partition is reached by its parent alone.
    List<String> granted =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT DISTINCT c.relname FROM pg_class c"
                            + " WHERE c.relkind IN ('r', 'p', 'v', 'm')"
                            + " AND c.relnamespace = 'public'::regnamespace"
                            + " AND (has_any_column_privilege('llmtrace_api', c.oid, 'SELECT')"
                            + " OR has_table_privilege('llmtrace_api', c.oid, 'DELETE'))"
                            + " AND (NOT c.relrowsecurity OR c.relispartition)")
                    .mapTo(String.class)
                    .list());
    assertThat(granted).isEmpty();
  }

  @Test
  void whatAnApiCallerMayNotDoAtAllIsNotGranted() {
    for (String statement :
        List.of(
            "INSERT INTO tenants (id, name) VALUES ('" + FOREIGN + "-2', 'x')",
            "INSERT INTO api_keys (id, role, hash, tenants) VALUES ('x', 'admin', 'x', NULL)",
            "INSERT INTO api_keys (id, role, hash, tenants)"
                + " VALUES ('x', 'admin', 'x', '{"
                + FOREIGN
                + "}')",
            "SELECT hash FROM api_keys",
            "DELETE FROM rollup_packs",
            "UPDATE api_keys SET role = 'admin'",
            "UPDATE api_keys SET tenants = NULL",
            "UPDATE audit SET actor = 'x'",
            "DELETE FROM audit",
            "INSERT INTO audit SELECT * FROM audit",
            "SELECT * FROM metric_totals",
            "CREATE TABLE mine (i int)")) {
      assertThatThrownBy(
              () ->
                  scoped.write(
                      admin(TenantScope.of(OWN)),
                      Permission.KEYS_WRITE,
                      handle -> handle.execute(statement)))
          .as(statement)
          .rootCause()
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
    }
    int foreign =
        scoped.write(
            admin(TenantScope.of(OWN)),
            Permission.KEYS_WRITE,
            handle ->
                handle.execute("UPDATE tenants SET name = 'taken' WHERE id = '" + FOREIGN + "'"));
    assertThat(foreign).isZero();
    assertThatThrownBy(
            () ->
                scoped.read(
                    admin(TenantScope.of(OWN)),
                    Permission.KEYS_READ,
                    handle -> handle.execute("UPDATE tenants SET name = name")))
        .hasStackTraceContaining("read-only");
  }

  @Test
  void aConnectionGoesBackAsItCame() throws Exception {
    try (Connection connection = DriverManager.getConnection(plane.url())) {
      Jdbi one = Jdbi.create(connection);
      String user =
          "SELECT current_user || coalesce(current_setting('llmtrace.tenants', true), '')";
      new ScopedJdbi(() -> one)
          .read(admin(TenantScope.of(OWN)), Permission.KEYS_READ, handle -> true);
      assertThat(
              one.<String, RuntimeException>withHandle(
                  h -> h.createQuery(user).mapTo(String.class).one()))
          .isEqualTo("postgres");
    }
  }
}
