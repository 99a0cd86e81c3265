package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.audit.AuditEntry;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.detect.output.AnswerReading;
import io.llmtrace.policies.detect.output.CanaryDetector;
import io.llmtrace.policies.detect.output.CanaryTokens;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir Path directory;

  @Test
  void aRightFileIsFine() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), "logging: {level: debug}\n");
    assertThat(run("config", "validate", file.toString())).isZero();
    assertThat(out.toString()).isEqualTo(file + ": fine" + System.lineSeparator());
  }

  @Test
  void aWrongFileIsRefusedWithFileLineKeyAndExpectation() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), "plugin:\n  prot: 1\n");
    assertThat(run("config", "validate", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(file + ":2: plugin.prot: unknown key, expected \"port\"?");
  }

  @Test
  void packsAndModelsAreValidatedToo() throws Exception {
    Path pack = Files.writeString(directory.resolve("acme.yaml"), "rules: [{id: A}]\n");
    Path file =
        Files.writeString(directory.resolve("a.yaml"), "detection: {packs: [" + pack + "]}\n");
    assertThat(run("config", "validate", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(pack + ":1: A: id must be lower-case letters");
  }

  @Test
  void anAbsentModelIsAWarningAndADamagedOneIsNot() throws Exception {
    String model =
        """
        models:
          - id: mine
            path: %s/mine.onnx
            tokenizer: %s/tokenizer.json
            labels: {1: jailbreak}
            zones: [user]
        """
            .formatted(directory, directory);
    Path file = Files.writeString(directory.resolve("a.yaml"), model);
    assertThat(run("config", "validate", file.toString())).isZero();
    assertThat(err.toString()).contains("warning: model 'mine': there is no file");

    Files.writeString(directory.resolve("mine.onnx"), "noise");
    assertThat(run("config", "validate", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("a.yaml: model 'mine': there is no file " + directory);
    assertThat(run("config", "validate", "--role", "control-plane", file.toString())).isZero();
  }

  @Test
  void rolesHaveTheWordsOfDoctor() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), "logging: {level: debug}\n");
    for (String role : List.of("plugin", "control-plane", "both")) {
      assertThat(run("config", "validate", "--role", role, file.toString())).as(role).isZero();
    }
    assertThat(run("config", "validate", "--role", "gateway", file.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains(
            "--role: expected plugin, control-plane or both, got gateway",
            "Usage: llmtrace config validate");
  }

  @Test
  void anUnknownCommandIsAnswered() {
    assertThat(run("teapot")).isEqualTo(2);
    assertThat(err.toString()).contains("teapot");
  }

  @Test
  void anExportedAuditIsCheckedWithoutTheService() throws Exception {
    AuditEntry first = row(1, AuditEntry.START, "key:a");
    AuditEntry second = row(2, first.hash(), "key:b");
    Path file = export(first, second);
    assertThat(run("audit", "verify", file.toString())).isZero();
    assertThat(out.toString()).contains("2 rows, head 2:" + second.hash(), "intact");
    assertThat(run("audit", "verify", export(first).toString())).isZero();
    assertThat(run("audit", "verify", export(first).toString(), "--anchor", "2:" + second.hash()))
        .isEqualTo(1);
    assertThat(out.toString()).contains("BROKEN", "the end was cut off");
    assertThat(run("audit", "verify", export(second).toString())).isEqualTo(1);
    assertThat(out.toString()).contains("row 1 is missing");

    for (String line : List.of("{}", "null", "[", "")) {
      Path bad = Files.writeString(directory.resolve("bad"), line + "\n");
      assertThat(run("audit", "verify", bad.toString())).as(line).isEqualTo(2);
    }
    assertThat(err.toString()).contains("bad:1: expected a row of an audit export");
    assertThat(run("audit", "verify", directory.resolve("none").toString())).isEqualTo(2);
    assertThat(run("audit", "verify", file.toString(), "--anchor", "2")).isEqualTo(2);
  }

  private Path export(AuditEntry... rows) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (AuditEntry row : rows) {
      lines.append(WireJson.mapper().writeValueAsString(row)).append('\n');
    }
    return Files.writeString(directory.resolve("audit.ndjson"), lines);
  }

  private static AuditEntry row(long seq, String previous, String actor) {
    String hash = "";
    for (int i = 0; i < 2; i++) {
      AuditEntry entry =
          new AuditEntry(
              seq,
              1,
              actor,
              "key.create",
              "acme",
              "key:c",
              "::1",
              "",
              "r",
              null,
              "{}",
              previous,
              hash);
      hash = entry.computedHash();
    }
    return new AuditEntry(
        seq, 1, actor, "key.create", "acme", "key:c", "::1", "", "r", null, "{}", previous, hash);
  }

  @Test
  void canaryTokensAreIssuedForATenantAndDifferEachTime() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("a.yaml"), "plugin: {answers: {canary_key: 0123456789abcdef}}\n");
    assertThat(
            run("canary", "issue", "--config", file.toString(), "--tenant", "acme", "--count", "3"))
        .isZero();
    List<String> tokens = out.toString().lines().toList();
    assertThat(tokens).hasSize(3).doesNotHaveDuplicates();
    AnswerContext acme = known("acme");
    for (String token : tokens) {
      assertThat(found(token, acme)).containsExactly(FindingType.CANARY_TOKEN_LEAKAGE);
      assertThat(found(token, known("other"))).isEmpty();
    }
  }

  @Test
  void withoutAKeyNoCanaryIsIssued() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), "logging: {level: debug}\n");
    assertThat(run("canary", "issue", "--config", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("plugin.answers.canary_key: expected a secret");
    assertThat(run("canary", "issue", "--config", file.toString(), "--count", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--count: expected a number from 1");
    assertThat(out.toString()).isEmpty();
  }

  private static AnswerContext known(String tenant) {
    byte[] key = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);
    return AnswerContext.unknown().withCanaries(CanaryTokens.ofTenant(key, tenant));
  }

  private static List<FindingType> found(String token, AnswerContext context) {
    Segment said = new Segment(Zone.ASSISTANT, "assistant", "/c", "The marker is " + token);
    List<FindingType> types = new ArrayList<>();
    new CanaryDetector()
        .detect(
            new AnswerReading(
                new Answer(List.of(said), List.of(), false, null, false, 0),
                List.of(SegmentReading.asItStands(said)),
                context),
            InspectionBudget.unlimited(),
            finding -> types.add(finding.type()));
    return types;
  }

  private int run(String... args) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(args);
  }
}
