package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.migrations.CloseableLiquibaseWithClassPathMigrationsFile;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import liquibase.Contexts;
import liquibase.LabelExpression;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database of somebody else's server, whose owner is no superuser. */
class ForeignOwnerTest {
  @Test
  void whoMayNotMakeRolesIsToldWhatAnAdministratorRunsAndThenTheWallHolds(@TempDir Path directory)
      throws Exception {
    EmbeddedDatabase server = EmbeddedDatabase.start(directory.resolve("postgres"));
    try (Connection root = DriverManager.getConnection(server.url());
        Statement administrator = root.createStatement()) {
      for (String owner : List.of("plain", "maker")) {
        // Each with the password that is in the address of all.
        administrator.execute(
            "CREATE ROLE "
                + owner
                + " LOGIN PASSWORD '"
                + server.url().replaceFirst(".*&password=", "")
                + "'");
        administrator.execute("CREATE DATABASE of_" + owner + " OWNER " + owner);
      }
      String plain = url(server, "plain");
      try (Connection connection = DriverManager.getConnection(plain)) {
        assertThatThrownBy(() -> ApiRole.ensure(connection))
            .isInstanceOf(DatabaseSetupException.class)
            .hasMessageEndingWith(
                "As an administrator run: CREATE ROLE llmtrace_api NOLOGIN;"
                    + " GRANT llmtrace_api TO plain;");
      }
      // One that may make roles needs nobody.
      administrator.execute("ALTER ROLE maker CREATEROLE");
      theWallHolds(url(server, "maker"));
      // Now there is the role, and the other owner is not a member yet.
      try (Connection connection = DriverManager.getConnection(plain)) {
        assertThatThrownBy(() -> ApiRole.ensure(connection))
            .isInstanceOf(DatabaseSetupException.class)
            .hasMessageEndingWith("As an administrator run: GRANT llmtrace_api TO plain;");
      }
      administrator.execute("GRANT llmtrace_api TO plain");
      theWallHolds(plain);
    } finally {
      server.close();
    }
  }

  private static String url(EmbeddedDatabase server, String owner) {
    return server
        .url()
        .replace("/postgres?", "/of_" + owner + "?")
        .replace("user=postgres", "user=" + owner);
  }

  private static void theWallHolds(String url) throws Exception {
    try (Connection connection = DriverManager.getConnection(url)) {
      ApiRole.ensure(connection);
    }
    DataSourceFactory source = new DataSourceFactory();
    source.setDriverClass("org.postgresql.Driver");
    source.setUrl(url);
    try (CloseableLiquibaseWithClassPathMigrationsFile all =
        new CloseableLiquibaseWithClassPathMigrationsFile(
            source.build(new MetricRegistry(), "migrations"), Migrations.FILE)) {
      all.update(new Contexts(), new LabelExpression());
    }
    Jdbi jdbi = Jdbi.create(url);
    jdbi.useHandle(
        handle -> {
          handle.execute("SELECT llmtrace_partition('standard', '2026-03-01')");
          for (String tenant : List.of("acme", "zebra")) {
            handle.execute(
                "INSERT INTO completions (decision_id, day, retention, at, node, tenant, status,"
                    + " latency_ms, record) VALUES (?, '2026-03-01', 'standard', 1, 'n', ?, 200, 1,"
                    + " '{}')",
                tenant,
                tenant);
          }
        });
    Caller caller =
        new Caller(
            "c",
            Caller.Kind.KEY,
            "c",
            List.of(new Grant(Role.VIEWER, TenantScope.of("acme"))),
            Set.of(),
            new Origin("a", "u", "r"));
    List<String> seen =
        new ScopedJdbi(() -> jdbi)
            .read(
                caller,
                Permission.EXCHANGES_READ,
                handle ->
                    handle
                        .createQuery("SELECT tenant FROM completions")
                        .mapTo(String.class)
                        .list());
    assertThat(seen).containsExactly("acme");
    int all =
        jdbi.withHandle(
            handle ->
                handle.createQuery("SELECT count(*) FROM completions").mapTo(Integer.class).one());
    assertThat(all).as("ingest and rollups are not bounded").isEqualTo(2);
  }
}
