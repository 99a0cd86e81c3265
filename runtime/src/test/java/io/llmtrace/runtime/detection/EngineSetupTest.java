package io.llmtrace.runtime.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.detection.EngineSetup.ModelProblem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the real model of {@code policies/training/tiny_classifier.py}. */
class EngineSetupTest {
  private static final Path TINY = Path.of("..", "policies/src/test/resources/models/tiny");

  @TempDir Path directory;

  @BeforeEach
  void copy() throws Exception {
    for (String name : List.of("model.onnx", "tokenizer.json", "config.json")) {
      Files.copy(TINY.resolve(name), directory.resolve(name));
    }
  }

  @Test
  void a_configured_model_is_asked_in_its_zones_with_its_own_confidence() throws Exception {
    LlmtraceConfig config = config("");
    assertThat(EngineSetup.check(config)).isEmpty();
    DetectionEngine engine = DetectionEngine.builtIn(EngineSetup.options(config));
    assertThat(engine.awaitModels(Duration.ofSeconds(20))).isTrue();
    InspectionProgress progress = new InspectionProgress();
    engine.inspect(
        new Exchange(
            Dialect.TEXT,
            "p",
            "m",
            false,
            List.of(
                new Segment(Zone.USER, "", "/u", "the dragon"),
                new Segment(Zone.DOCUMENT, "", "/d", "the dragon")),
            List.of(),
            0),
        InspectionBudget.unlimited(),
        progress);
    List<Finding> findings = progress.snapshot().findings();
    assertThat(findings).hasSize(1);
    assertThat(findings.get(0).detector()).isEqualTo("tiny");
    assertThat(findings.get(0).zone()).isEqualTo(Zone.USER);
    assertThat(findings.get(0).confidence()).isBetween(0.97, 0.99);
  }

  @Test
  void a_model_that_is_not_there_is_absent_and_all_else_has_failed() throws Exception {
    String sum = sha256(directory.resolve("model.onnx"));
    assertThat(EngineSetup.check(config("sha256: " + sum))).isEmpty();
    assertThat(only(config("sha256: " + "0".repeat(64))).reason())
        .isEqualTo(
            "model 'tiny': %s has the SHA-256 %s, expected %s"
                .formatted(directory.resolve("model.onnx"), sum, "0".repeat(64)));
    assertThat(only(config("config: nowhere.json")).reason())
        .isEqualTo("model 'tiny': there is no file nowhere.json");

    Files.writeString(directory.resolve("config.json"), "{\"id2label\":{\"0\":\"A\"}}");
    assertThat(only(config("")).reason()).contains("has 3 outputs, but its config.json names 1");
    Files.delete(directory.resolve("config.json"));
    assertThat(only(config("")).reason())
        .contains("no output 'HARMLESS'; expected a number from 0 to 2");

    Files.delete(directory.resolve("tokenizer.json"));
    assertThat(only(config(""))).satisfies(problem -> assertThat(problem.absent()).isFalse());
    assertThat(only(config("")).reason()).contains("there is no file", "tokenizer.json");

    Files.writeString(directory.resolve("model.onnx"), "no model");
    Files.copy(TINY.resolve("tokenizer.json"), directory.resolve("tokenizer.json"));
    assertThat(only(config("")).reason()).startsWith("model 'tiny' cannot be run: ");

    Files.delete(directory.resolve("model.onnx"));
    assertThat(only(config("")).absent()).isTrue();
    DetectionEngine engine = DetectionEngine.builtIn(EngineSetup.options(config("")));
    assertThat(engine.awaitModels(Duration.ofSeconds(20))).isTrue();
    assertThat(engine.models().get("tiny").status()).isEqualTo(ModelState.Status.ABSENT);
    assertThat(engine.models().get("tiny").reason()).contains("there is no file");
  }

  private ModelProblem only(LlmtraceConfig config) {
    List<ModelProblem> problems = EngineSetup.check(config);
    assertThat(problems).hasSize(1);
    assertThat(problems.get(0).id()).isEqualTo("tiny");
    return problems.get(0);
  }

  private LlmtraceConfig config(String more) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("llmtrace.yaml"),
            """
            detection: {built_in_model: false}
            models:
              - id: tiny
                path: %s/model.onnx
                tokenizer: %s/tokenizer.json
                labels: {HARMLESS: benign, DRAGON: prompt_injection}
                zones: [user]
                max_tokens: 64
                %s
            """
                .formatted(directory, directory, more));
    return ConfigFile.load(file, Map.of());
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }
}
