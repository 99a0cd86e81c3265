package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://db.example:5432/llmtrace?sslmode=verify-full&sslrootcert=/etc/ca.crt",
        "jdbc:postgresql://db/llmtrace?user=llmtrace",
        "jdbc:postgresql://one:5432,two:5433/llmtrace?targetServerType=primary",
        "jdbc:postgresql://[::1]:5432/llmtrace",
        "jdbc:postgresql://db/a%20name?applicationName=a@b",
        "jdbc:postgresql://db/a@b",
        "jdbc:postgresql://db/",
        "jdbc:postgresql:llmtrace",
      })
  void anAddressWithoutPasswordIsTaken(String url) {
    assertThat(DatabaseUrl.problem(url)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://db/llmtrace?user=u&password=hunter2",
        "jdbc:postgresql://db/llmtrace?PassWord=hunter2",
        "jdbc:postgresql:llmtrace?password=hunter2",
        "jdbc:postgresql://u:hunter2@db/llmtrace",
        "jdbc:postgresql://u:hunter2@db:5432/llmtrace?sslmode=require",
        "jdbc:postgresql://u:hunter2/3@db/llmtrace",
        "jdbc:postgresql://u:hunter2@db",
        "jdbc:postgresql:u:hunter2@db",
        "jdbc:postgresql://hunter2@db/llmtrace",
      })
  void oneWithAPasswordIsRefusedAndNotQuoted(String url) {
    assertThat(DatabaseUrl.problem(url).orElseThrow())
        .contains("expected no user and no password", "control_plane.database.password: file:")
        .doesNotContain("hunter2");
    String yaml = "control_plane: {database: {url: \"" + url + "\"}}\n";
    assertThat(problem(yaml))
        .startsWith("f.yaml:1: control_plane.database.url: expected no user and no password")
        .doesNotContain("hunter2");
  }

  private static String problem(String yaml) {
    try {
      ConfigFile.parse("f.yaml", yaml, Map.of("HOSTNAME", "h"), ConfigFile.Role.CONTROL_PLANE);
      return "none";
    } catch (ConfigException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://u:hunter2?@db/llmtrace",
        "jdbc:postgresql://db:hunter2/llmtrace",
        "jdbc:postgresql://db:70000/llmtrace",
        "jdbc:postgresql://db:0/llmtrace",
        "jdbc:postgresql://db",
        "jdbc:postgresql:/llmtrace",
        "jdbc:postgresql://db/hunter2/llmtrace",
        "jdbc:postgresql://db/llmtrace?options=%zz",
        "jdbc:postgresql://db /llmtrace",
        "jdbc:postgresql://db/llmtrace?port=5433",
        "mysql://u:hunter2@db",
      })
  void whatTheDriverCannotReadIsRefusedAndNotQuoted(String url) {
    assertThat(DatabaseUrl.problem(url).orElseThrow())
        .startsWith("expected an address")
        .doesNotContain("hunter2");
  }

  @Test
  void aLongOneCostsNoStack() {
    String hosts = "db:5432,".repeat(8_000) + "db:5432";
    assertThat(DatabaseUrl.problem("jdbc:postgresql://" + hosts + "/llmtrace")).isEmpty();
    assertThat(DatabaseUrl.problem("jdbc:postgresql://" + hosts)).isPresent();
  }
}
