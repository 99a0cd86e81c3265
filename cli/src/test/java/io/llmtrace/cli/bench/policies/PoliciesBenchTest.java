package io.llmtrace.cli.bench.policies;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.policies.Plan.Part;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bench in small, which is policies from end to end: control plane, instances, gateways. What
 * does not depend on how fast the machine is must hold here too.
 */
class PoliciesBenchTest {
  @TempDir private Path directory;

  private ObjectNode run(Plan plan) throws Exception {
    Figures figures = new Figures(new PrintWriter(new StringWriter()));
    PoliciesBench.run(plan, directory, figures);
    return figures.json();
  }

  private static JsonNode bar(JsonNode figures, String part) {
    for (JsonNode each : figures.path("bars")) {
      if (each.path("figure").asText().contains(part)) {
        return each;
      }
    }
    throw new AssertionError("no figure of " + part + ": " + figures);
  }

  @Test
  @Tag("long")
  @Timeout(120)
  void editsAreEnforcedSwapsFailNothingAndRecordsNameWhatDecided() throws Exception {
    ObjectNode figures = run(new Plan(EnumSet.of(Part.EDIT, Part.SWAPS), 2, 1, 10, 0, 0.1));
    assertThat(figures.path("edit").path("seconds")).hasSize(1);
    assertThat(figures.path("edit").path("median").asDouble()).isBetween(0.0, 60.0);
    assertThat(bar(figures, "failed").path("value").asInt()).isZero();
    assertThat(bar(figures, "another version").path("value").asInt()).isZero();
    assertThat(bar(figures, "records beside").path("value").asInt()).isZero();
    JsonNode swaps = figures.path("swaps");
    assertThat(swaps.path("passed").asInt()).isPositive();
    assertThat(swaps.path("blocked").asInt()).isPositive();
    assertThat(swaps.path("revisions").asInt()).as("each instance has its own").isGreaterThan(10);
  }

  @Test
  @Tag("long")
  @Timeout(240)
  void damagedBundlesAreRefusedAndWithoutControlPlaneTheLastGoodOneDecides() throws Exception {
    ObjectNode figures =
        run(new Plan(EnumSet.of(Part.SIMULATION, Part.OUTAGE), 2, 0, 0, 1_000, 0.1));
    assertThat(figures.path("simulation").path("different").asInt()).isPositive();
    assertThat(figures.path("simulation").path("progress_told").asInt()).isPositive();
    assertThat(bar(figures, "damaged").path("meets").asBoolean()).as(figures.toString()).isTrue();
    assertThat(bar(figures, "without control plane").path("meets").asBoolean()).isTrue();
    assertThat(figures.path("outage").path("damaged").findValuesAsText("told"))
        .hasSize(4)
        .allMatch(told -> told.contains("(signature)") || told.contains("(format)"));
  }

  @Test
  @Timeout(60)
  void aDecisionReadsAllRules() throws Exception {
    DecisionBench.Cost cost = DecisionBench.cost(0.5);
    assertThat(cost.p50()).isPositive();
    assertThat(cost.bytes()).as("less than an object for each rule").isLessThan(16_000);
  }

  @Test
  @Tag("long")
  @Timeout(120)
  void aCandidateIsEvaluatedOnOneSideOnly() throws Exception {
    ObjectNode figures = run(new Plan(Set.of(Part.SHADOW), 0, 0, 0, 0, 0.1));
    assertThat(bar(figures, "with a candidate").path("value").asDouble()).isPositive();
  }
}
