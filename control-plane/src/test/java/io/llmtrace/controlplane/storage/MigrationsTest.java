package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.migrations.CloseableLiquibaseWithClassPathMigrationsFile;
import io.llmtrace.policies.wire.Ulid;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import liquibase.Contexts;
import liquibase.LabelExpression;
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
            ("INSERT INTO inspections (decision_id, at, node, route, tenant, record) VALUES"
                    + " ('%s', 1, 'n', 'r', 't', '{\"consumer\":\"c\",\"model\":\"m\",\"tap\":true,"
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

  private static CloseableLiquibaseWithClassPathMigrationsFile migrations(EmbeddedDatabase database)
      throws Exception {
    DataSourceFactory source = new DataSourceFactory();
    source.setDriverClass("org.postgresql.Driver");
    source.setUrl(database.url());
    return new CloseableLiquibaseWithClassPathMigrationsFile(
        source.build(new MetricRegistry(), "migrations"), Storage.MIGRATIONS);
  }
}
