package io.llmtrace.plugin.conf;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.policy.Mode;
import io.llmtrace.runtime.config.OnUninspectable;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfTableTest {
  @TempDir Path directory;

  @Test
  void aTokenIsTheSameInTheNextProcessAndKnownToIt() throws Exception {
    int token;
    try (ConfTable first = open()) {
      token = first.prepare("route#a#1", conf("{\"mode\":\"enforce\"}"));
    }
    try (ConfTable second = open()) {
      assertThat(second.find(token).mode()).isEqualTo(Mode.ENFORCE);
      assertThat(second.prepare("route#a#1", conf("{\"mode\":\"enforce\"}"))).isEqualTo(token);
      assertThat(second.prepare("route#a#2", conf("{\"mode\":\"enforce\"}"))).isNotEqualTo(token);
    }
  }

  @Test
  void aTokenOfALivingNeighbourIsFoundByReloading() throws Exception {
    try (ConfTable successor = open()) {
      int token;
      try (ConfTable old = open()) {
        token = old.prepare("route#a#1", conf("{\"tenant\":\"blue\"}"));
      }
      assertThat(successor.find(token)).isNull();
      assertThat(successor.reload(token).get().tenant()).isEqualTo("blue");
      assertThat(successor.reload(4711).get()).isNull();
    }
  }

  @Test
  void twoContentsNeverShareAToken() throws Exception {
    ConfFile file = ConfFile.open(directory);
    int token = ConfTable.natural(ConfTable.digest("route#a#1", conf("{}")));
    file.append(new ConfFile.Line(token, "route#other#1", conf("{\"tenant\":\"red\"}"), 1));
    try (ConfTable table = open()) {
      int given = table.prepare("route#a#1", conf("{}"));
      assertThat(given).isEqualTo(token + 1);
      assertThat(table.find(token).tenant()).isEqualTo("red");
      assertThat(table.find(given).tenant()).isEqualTo("default");
    }
  }

  @Test
  void aTokenThatTwoProcessesGaveIsWithdrawn() throws Exception {
    try (ConfTable table = open()) {
      int token = table.prepare("route#a#1", conf("{}"));
      // Its own thread has written by then: two of one process cannot hold the file's lock.
      assertThat(table.reload(token).get()).isNotNull();
      ConfFile.open(directory)
          .append(new ConfFile.Line(token, "route#b#1", conf("{\"tenant\":\"red\"}"), 1));
      assertThat(table.reload(token).get()).isNull();
      assertThat(table.prepare("route#a#1", conf("{}"))).isEqualTo(token + 1);
    }
  }

  @Test
  void aTornLineIsSkippedAndTheNextOneStillReadable() throws Exception {
    Files.writeString(
        directory.resolve("conf-tokens.log"), "deadbeef {\"tok", StandardOpenOption.CREATE);
    int token;
    try (ConfTable first = open()) {
      token = first.prepare("route#a#1", conf("{}"));
    }
    try (ConfTable second = open()) {
      assertThat(second.find(token)).isNotNull();
    }
  }

  @Test
  void eachWrongKeyKeepsItsDefaultAndIsReported() {
    RouteConf conf =
        new RouteConfReader(150, OnUninspectable.PASS)
            .read(
                conf(
                    "{\"mode\":\"maybe\",\"budget_ms\":0,\"tenant\":\"blue\",\"tap\":\"no\","
                        + "\"dialect\":\"klingon\",\"capture\":\"all\",\"typo\":1}"));
    assertThat(conf.tenant()).isEqualTo("blue");
    assertThat(conf.effectiveMode()).isEqualTo(Mode.OBSERVE);
    assertThat(conf.budgetMs()).isEqualTo(150);
    assertThat(conf.problems())
        .hasSize(6)
        .anySatisfy(p -> assertThat(p).isEqualTo("mode: expected observe or enforce"));
    assertThat(conf.settings("k").sources()).containsEntry("tenant", "route");
  }

  private ConfTable open() throws IOException {
    return ConfTable.open(
        directory, new RouteConfReader(150, OnUninspectable.PASS), new SimpleMeterRegistry());
  }

  private static List<Map.Entry<String, String>> conf(String value) {
    return List.of(Map.entry("llmtrace", value));
  }
}
