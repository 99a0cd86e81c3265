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
import io.llmtrace.policies.id.Ulid;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import liquibase.Contexts;
import liquibase.LabelExpression;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationsTest {
  @Test
  void whatTheVersionsBeforePartitionsStoredIsThereAfterwards(@TempDir Path directory)
      throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"));
    try (Connection connection = DriverManager.getConnection(database.url());
        Statement sql = connection.createStatement()) {
      ApiRole.ensure(connection);
      try (CloseableLiquibaseWithClassPathMigrationsFile before = migrations(database)) {
        before.update(2, new Contexts(), new LabelExpression());
      }
      // 1 March 2026, 23:59:59 and 2 March, 00:00:01 (UTC).
      String done = Ulid.of(1_772_409_599_000L, 0, 1);
      String open = Ulid.of(1_772_409_601_000L, 0, 2);
      String waits = Ulid.of(1_772_409_601_000L, 0, 3);
      String unanswered = Ulid.of(1_772_409_601_000L, 0, 4);
      for (String id : List.of(done, open, unanswered, "no-ulid")) {
        sql.execute(
            ("INSERT INTO inspections (decision_id, at, node, route, tenant, record) VALUES ('%s',"
                    + " 1, 'n', 'r', 't', '{\"consumer\":\"c\",\"model\":\"m\",\"tap\":true,"
                    + "\"decision\":{\"action\":\"flag\"},\"receipt\":{\"coverage\":\"partial\"}}')")
                .formatted(id));
      }
      for (String id : List.of(done, waits)) {
        sql.execute(
            ("INSERT INTO completions (decision_id, at, node, record) VALUES"
                    + " ('%s', 1, 'n', '{\"status\":200,\"latency_ms\":12.5,\"cost_usd\":0.25}')")
                .formatted(id));
      }
      sql.execute("INSERT INTO open_exchanges (decision_id) VALUES ('" + open + "')");
      sql.execute("INSERT INTO waiting_completions (decision_id) VALUES ('" + waits + "')");
      String finding =
          "INSERT INTO findings (decision_id, at, type, severity, route, tenant, record%s)"
              + " VALUES ('%s', 1, 'jailbreak', 'high', 'r', 't',"
              + " '{\"confidence\":0.5,\"evidence\":\"e\"}'%s)";
      sql.execute(finding.formatted("", done, ""));
      sql.execute(finding.formatted("", done, ""));
      sql.execute(finding.formatted(", origin, place", done, ", 'answer', 1"));

      try (CloseableLiquibaseWithClassPathMigrationsFile all = migrations(database)) {
        all.update(new Contexts(), new LabelExpression());
      }
      assertThat(
              rows(
                  sql,
                  "SELECT decision_id || ' ' || day || ' ' || consumer || ' ' || outcome || ' ' ||"
                      + " tableoid::regclass FROM exchanges ORDER BY 1"))
          .containsExactly(
              done + " 2026-03-01 c partial exchanges_standard_20260301",
              open + " 2026-03-02 c partial exchanges_standard_20260302",
              unanswered + " 2026-03-02 c partial exchanges_standard_20260302");
      assertThat(
              rows(
                  sql,
                  "SELECT decision_id || ' ' || tenant || ' ' || status || ' ' || latency_ms || ' '"
                      + " || cost_usd FROM completions"))
          .containsExactly(done + " t 200 12.5 0.25");
      assertThat(
              rows(
                  sql, "SELECT decision_id || ' ' || (record->>'status') FROM waiting_completions"))
          .containsExactly(waits + " 200");
      assertThat(
              rows(
                  sql,
                  "SELECT origin || place || ' ' || confidence || ' ' || evidence FROM findings"
                      + " ORDER BY 1"))
          .containsExactly("answer1 0.5 e", "request1 0.5 e", "request2 0.5 e");
      assertThat(rows(sql, "SELECT decision_id || ' ' || by FROM settled_late"))
          .containsExactly(unanswered + " sweep");
    } finally {
      database.close();
    }
  }

  private static List<String> rows(Statement sql, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (ResultSet result = sql.executeQuery(query)) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
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
              + " VALUES ('01KQ00000000000000000000AA', 1, 'n', 'r', 'acme', '{}')");
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
      // A newer version has been here: this one does nothing to what it does not know.
      sql.execute(
          "INSERT INTO databasechangelog SELECT 'later-1', author, 'migrations/later.sql', now(),"
              + " orderexecuted + 1, exectype, md5sum, description, comments, tag, liquibase,"
              + " contexts, labels, deployment_id FROM databasechangelog"
              + " ORDER BY orderexecuted DESC LIMIT 1");
      DataSourceFactory source = new DataSourceFactory();
      source.setDriverClass("org.postgresql.Driver");
      source.setUrl(database.url());
      assertThatThrownBy(() -> Migrations.run(source))
          .isInstanceOf(DatabaseSetupException.class)
          .hasMessageContaining("a newer version, which made later-1")
          .hasMessageContaining("restore the backup");
    } finally {
      database.close();
    }
  }

  private static CloseableLiquibaseWithClassPathMigrationsFile migrations(EmbeddedDatabase database)
      throws Exception {
    return migrations(database, Migrations.FILE);
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
