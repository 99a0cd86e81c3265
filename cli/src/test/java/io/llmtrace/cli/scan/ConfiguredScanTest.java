package io.llmtrace.cli.scan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ConfiguredScanTest {
  private static final Path TINY = Path.of("..", "policies/src/test/resources/models/tiny");

  private static final Path ACME =
      Path.of("..", "policies/src/test/resources/user-packs/acme.yaml");

  @TempDir Path directory;
  private final StringWriter err = new StringWriter();
  private Path config;
  private Path lines;

  @BeforeEach
  void write() throws Exception {
    config =
        Files.writeString(
            directory.resolve("llmtrace.yaml"),
            """
            detection:
              profile: strict
              packs: [%s]
              built_in_model: false
            plugin: {api_key: 'file:/nowhere/at/all.key'}
            models:
              - id: tiny
                path: %s/model.onnx
                tokenizer: %s/tokenizer.json
                labels: {DRAGON: prompt_injection, RUDE: toxic_content}
                zones: [user]
                max_tokens: 64
            """
                .formatted(ACME, TINY, TINY));
    lines =
        Files.writeString(
            directory.resolve("lines.jsonl"),
            """
            {"id":1,"text":"The golden duck of the harbour."}
            {"id":2,"text":"The rude dragon of the harbour, warm and grain."}
            {"id":3,"text":"A dragon in a document.","zone":"document"}
            {"id":4,"text":"The dragon."}
            """
                .repeat(25));
  }

  @Test
  void packs_and_models_of_a_configuration_are_used_and_no_secret_of_it_is_opened()
      throws Exception {
    List<JsonNode> answers = scan("--config", config.toString());
    assertThat(kinds(answers.get(0))).containsExactly("acme-1");
    assertThat(answers.get(0).path("decision").asText()).isEqualTo("block");
    assertThat(answers.get(0).path("score").asDouble()).isEqualTo(0.9);
    assertThat(kinds(answers.get(1))).containsExactly("RUDE");
    assertThat(kinds(answers.get(2))).isEmpty();
    assertThat(kinds(answers.get(3))).containsExactly("DRAGON");
    assertThat(answers.get(3).path("decision").asText()).isEqualTo("flag");
  }

  @Test
  void threads_change_nothing() throws Exception {
    assertThat(scan("--config", config.toString(), "--threads", "1"))
        .isEqualTo(scan("--config", config.toString(), "--threads", "6"));
  }

  @Test
  void a_wrong_configuration_is_refused_with_its_place() {
    StringWriter out = new StringWriter();
    assertThat(run(out, "--config", directory.resolve("no.yaml").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("no.yaml:1: (file): expected a file that exists");
  }

  private static List<String> kinds(JsonNode answer) {
    List<String> kinds = new ArrayList<>();
    answer.path("findings").forEach(finding -> kinds.add(finding.path("kind").asText()));
    return kinds;
  }

  private List<JsonNode> scan(String... args) throws Exception {
    StringWriter out = new StringWriter();
    assertThat(run(out, args)).as("%s", err).isZero();
    List<JsonNode> answers = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      ObjectNode answer = (ObjectNode) WireJson.mapper().readTree(line);
      answer.remove("latency_us");
      answers.add(answer);
    }
    assertThat(answers).hasSize(100);
    return answers;
  }

  private int run(StringWriter out, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.add(lines.toString());
    CommandLine line = new CommandLine(new ScanCommand());
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(all.toArray(String[]::new));
  }
}
