package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.migrations.CloseableLiquibaseWithClassPathMigrationsFile;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.keys.KeyDirectory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import liquibase.Contexts;
import liquibase.LabelExpression;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationsTest {
  @Test
  void findingsOfBeforeAnswersWereReadAreThoseOfRequests(@TempDir Path directory) throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"));
    try (Connection connection = DriverManager.getConnection(database.url());
        Statement sql = connection.createStatement()) {
      ApiRole.ensure(connection);
      try (CloseableLiquibaseWithClassPathMigrationsFile before = migrations(database)) {
        before.update(1, new Contexts(), new LabelExpression());
      }
      sql.execute(
          "INSERT INTO inspections (decision_id, at, node, route, tenant, record)"
              + " VALUES ('a', 1, 'n', 'r', 't', '{}')");
      String finding =
          "INSERT INTO findings (decision_id, at, type, severity, route, tenant, record%s)"
              + " VALUES ('a', 1, 'jailbreak', 'high', 'r', 't', '{}'%s)";
      sql.execute(finding.formatted("", ""));
      sql.execute(finding.formatted("", ""));

      try (CloseableLiquibaseWithClassPathMigrationsFile all = migrations(database)) {
        all.update(new Contexts(), new LabelExpression());
      }
      try (ResultSet rows = sql.executeQuery("SELECT origin, place FROM findings")) {
        for (int i = 0; i < 2; i++) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getString("origin")).isEqualTo("request");
          assertThat(rows.getObject("place")).isNull();
        }
      }
      // What a control plane of the last version writes during a rolling upgrade is taken as
      // before.
      sql.execute(finding.formatted("", ""));
      String ofAnswer = finding.formatted(", origin, place", ", 'answer', 1");
      sql.execute(ofAnswer);
      assertThatThrownBy(() -> sql.execute(ofAnswer))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("findings_place");
    } finally {
      database.close();
    }
  }

  @Test
  void aDatabaseOfTheLastVersionIsUpgradedWithItsKeys(@TempDir Path directory) throws Exception {
    String token = "llmtrace_admin_" + "0f".repeat(32);
    EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"));
    try (Connection connection = DriverManager.getConnection(database.url());
        Statement sql = connection.createStatement()) {
      // As the last version did it: the one file, under its own path.
      try (CloseableLiquibaseWithClassPathMigrationsFile before =
          migrations(database, "migrations.sql")) {
        before.update(new Contexts(), new LabelExpression());
      }
      sql.execute(
          "INSERT INTO api_keys (id, role, hash)"
              + " VALUES ('initial-admin', 'admin', sha256('"
              + token
              + "'))");
      sql.execute(
          "INSERT INTO inspections (decision_id, at, node, route, tenant, record)"
              + " VALUES ('a', 1, 'n', 'r', 'acme', '{}')");
      assertThatThrownBy(
              () -> {
                try (CloseableLiquibaseWithClassPathMigrationsFile all = migrations(database)) {
                  all.update(new Contexts(), new LabelExpression());
                }
              })
          .as("the role is made first, see ApiRole")
          .hasStackTraceContaining("llmtrace_api");
      ApiRole.ensure(connection);
      for (int i = 0; i < 2; i++) {
        try (CloseableLiquibaseWithClassPathMigrationsFile all = migrations(database)) {
          all.update(new Contexts(), new LabelExpression());
        }
      }
      try (ResultSet ran =
          sql.executeQuery(
              "SELECT string_agg(filename || ' ' || id, ', ' ORDER BY orderexecuted)"
                  + " FROM databasechangelog WHERE filename = 'migrations.sql'")) {
        assertThat(ran.next()).isTrue();
        assertThat(ran.getString(1)).isEqualTo("migrations.sql 1, migrations.sql 2");
      }
      KeyDirectory keys = new KeyDirectory(Clock.systemUTC());
      keys.refresh(Jdbi.create(database.url()));
      assertThat(keys.authenticate(token, new Origin("a", "u", "r")))
          .hasValueSatisfying(
              caller -> assertThat(caller.may(Permission.KEYS_WRITE, TenantScope.all())).isTrue());
      try (ResultSet tenants =
          sql.executeQuery("SELECT string_agg(id, ' ' ORDER BY id) FROM tenants")) {
        assertThat(tenants.next()).isTrue();
        assertThat(tenants.getString(1)).isEqualTo("acme default");
      }
    } finally {
      database.close();
    }
  }

  private static CloseableLiquibaseWithClassPathMigrationsFile migrations(EmbeddedDatabase database)
      throws Exception {
    return migrations(database, Storage.MIGRATIONS);
  }

  private static CloseableLiquibaseWithClassPathMigrationsFile migrations(
      EmbeddedDatabase database, String file) throws Exception {
    DataSourceFactory source = new DataSourceFactory();
    source.setDriverClass("org.postgresql.Driver");
    source.setUrl(database.url());
    return new CloseableLiquibaseWithClassPathMigrationsFile(
        source.build(new MetricRegistry(), "migrations"), file);
  }
}
