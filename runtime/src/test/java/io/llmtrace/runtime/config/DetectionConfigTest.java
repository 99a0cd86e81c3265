package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.LabelModelSpec;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.policies.detect.engine.EngineOptions.Toxicity;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.yaml.Nearest;
import io.llmtrace.runtime.detection.EngineSetup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DetectionConfigTest {
  private static final Map<String, String> ENV = Map.of("HOSTNAME", "gw-1");

  /** Its rule begins in line 3. */
  private static final Path ACME =
      Path.of("..", "policies/src/test/resources/user-packs/acme.yaml");

  @TempDir Path directory;

  @Test
  void what_is_said_of_detection_becomes_what_the_engine_is_made_of() throws Exception {
    Path pack = ACME;
    LlmtraceConfig config =
        read(
            """
            detection:
              profile: strict
              packs: [%s]
              disabled_rules: [%s]
              built_in_model: false
              toxicity: lexicon
              sensitive:
                enable: [person_name, mac_address]
                disable: [email]
                countries: [de, FR]
                examples: reported
            """
                .formatted(pack, SignaturePack.builtIn().ruleIds().get(3)));
    EngineOptions options = EngineSetup.options(config);
    assertThat(options.profile()).isEqualTo(Profile.STRICT);
    assertThat(options.packs()).extracting(SignaturePack::name).containsExactly("acme");
    assertThat(options.disabledRules()).containsExactly(SignaturePack.builtIn().ruleIds().get(3));
    assertThat(options.without()).containsExactly("guard-minilm");
    assertThat(options.toxicity()).isEqualTo(Toxicity.LEXICON);
    assertThat(options.sensitive().kinds())
        .contains("person_name", "mac_address", "iban")
        .doesNotContain("email", "postal_address");
    assertThat(options.sensitive().countries()).containsExactlyInAnyOrder("DE", "FR");
  }

  @Test
  void nothing_said_is_what_is_shipped() throws Exception {
    assertThat(EngineSetup.options(read("detection:\nmodels:\n")))
        .isEqualTo(EngineOptions.standard());
  }

  @Test
  void every_wrong_value_is_refused_with_its_place_and_what_would_be_right() {
    assertThat(
            problems(
                """
                detection:
                  profile: paranoid
                  built_in_model: maybe
                  disabled_rules: [ov-999, 7]
                  toxicity: on
                  sensitive:
                    enable: [emails, github]
                    disable: iban
                    countries: [UK, Germany]
                    examples: hidden
                    languages: [de]
                  packs: [Acme.yaml, no/such.yaml]
                """))
        .containsExactly(
            "f.yaml:2: detection.profile: expected one of relaxed, balanced, strict, was"
                + " \"paranoid\"",
            "f.yaml:3: detection.built_in_model: expected true or false, was \"maybe\"",
            "f.yaml:4: detection.disabled_rules[0]: expected the id of a shipped rule, was"
                + " \"ov-999\""
                + Nearest.question("ov-999", SignaturePack.builtIn().ruleIds()),
            "f.yaml:4: detection.disabled_rules[1]: expected the id of a shipped rule, was \"7\"",
            "f.yaml:5: detection.toxicity: expected one of off, lexicon, was \"on\"",
            "f.yaml:7: detection.sensitive.enable[0]: expected a kind of"
                + " docs/reference/sensitive-kinds.md, was \"emails\" (did you mean email?)",
            "f.yaml:7: detection.sensitive.enable[1]: expected a kind of"
                + " docs/reference/sensitive-kinds.md, was \"github\" (did you mean github_token?)",
            "f.yaml:8: detection.sensitive.disable: expected a list of kinds of sensitive data,"
                + " was a single value",
            "f.yaml:9: detection.sensitive.countries[0]: expected a country of ISO 3166-1 alpha-2"
                + " such as DE, was \"UK\" (did you mean GB?)",
            "f.yaml:9: detection.sensitive.countries[1]: expected a country of ISO 3166-1 alpha-2"
                + " such as DE, was \"Germany\"",
            "f.yaml:10: detection.sensitive.examples: expected one of ignored, reported, was"
                + " \"hidden\"",
            "f.yaml:11: detection.sensitive.languages: unknown key, expected one of countries,"
                + " disable, enable, examples",
            "f.yaml:12: detection.packs[0]: expected a file whose name is lower-case letters,"
                + " digits, _ and - before .yaml, since findings carry it",
            "f.yaml:12: detection.packs[1]: expected a file that exists at no/such.yaml");
  }

  @Test
  void each_bad_rule_of_a_pack_is_named_with_its_own_file_and_line() throws Exception {
    Path bad =
        pack(
            "bad.yaml",
            acme()
                .replace("0.9", "2")
                .replace("(?i)\\bgolden", "(?i)\u1c80(")
                .concat("colour: x\n"));
    assertThat(problems("detection: {packs: [%s], profile: odd}\n".formatted(bad)))
        .hasSize(4)
        .anySatisfy(p -> assertThat(p).startsWith("f.yaml:1: detection.profile: "))
        .anySatisfy(
            p ->
                assertThat(p)
                    .isEqualTo(bad + ":6: acme-1: confidence must be a number between 0 and 1"))
        .anySatisfy(p -> assertThat(p).startsWith(bad + ":8: acme-1: pattern is no RE2 pattern"))
        .anySatisfy(p -> assertThat(p).startsWith(bad + ":13: the pack: colour is no key"));
  }

  @Test
  void a_rule_that_fails_its_own_cases_is_refused() throws Exception {
    Path bad = pack("bad.yaml", acme().replace("[a golden duck]", "[a silver duck]"));
    assertThat(problems("detection: {packs: [%s]}\n".formatted(bad)))
        .containsExactly(bad + ":3: acme-1: matches 'a silver duck', but the pattern does not");
  }

  @Test
  void an_id_that_is_taken_by_a_shipped_rule_or_another_pack_is_refused() throws Exception {
    String shipped = SignaturePack.builtIn().ruleIds().get(0);
    Path one = pack("one.yaml", acme());
    Path two = pack("two.yaml", acme());
    Path three = pack("three.yaml", acme().replace("acme-1", shipped));
    assertThat(problems("detection: {packs: [%s, %s, %s]}\n".formatted(one, two, three)))
        .hasSize(2)
        .anySatisfy(
            p ->
                assertThat(p)
                    .isEqualTo(
                        two
                            + ":3: acme-1: id is used already in line 3 of the pack one; write"
                            + " another"))
        .anySatisfy(
            p ->
                assertThat(p)
                    .startsWith(three + ":3: " + shipped + ": id is used already by a rule that"));
    assertThat(
            problems("detection: {packs: [%s], disabled_rules: [%s]}\n".formatted(three, shipped)))
        .as("an id means one thing, also where its rule is switched off")
        .hasSize(1);
    assertThat(problems("detection: {packs: [%s, %s]}\n".formatted(one, one)))
        .containsExactly(
            "f.yaml:1: detection.packs[1]: expected packs of different names, there are two 'one'");
  }

  @Test
  void a_pack_is_bounded() throws Exception {
    Path large = pack("large.yaml", "#" + "x".repeat(1 << 20));
    assertThat(problems("detection: {packs: [%s]}\n".formatted(large)))
        .containsExactly(
            "f.yaml:1: detection.packs[0]: expected at most 1048576 bytes at " + large);
  }

  @Test
  void the_control_plane_opens_no_pack() throws Exception {
    LlmtraceConfig config =
        ConfigFile.parse(
            "f.yaml", "detection: {packs: [no/such.yaml]}", ENV, ConfigFile.Role.CONTROL_PLANE);
    assertThat(config.detection().packs()).isEmpty();
  }

  @Test
  void a_tool_opens_packs_and_no_secret() throws Exception {
    LlmtraceConfig config =
        ConfigFile.parse(
            "f.yaml",
            "plugin: {api_key: 'file:/nowhere/x.key'}\ndetection: {packs: [%s]}".formatted(ACME),
            ENV,
            ConfigFile.Role.TOOL);
    assertThat(config.detection().packs()).hasSize(1);
    assertThat(config.plugin().apiKey()).isNull();
  }

  @Test
  void a_model_is_read_with_its_labels_and_defaults() throws Exception {
    LlmtraceConfig config =
        read(
            """
            models:
              - id: acme-guard
                path: m/model.onnx
                tokenizer: m/tokenizer.json
                labels: {SAFE: benign, 1: jailbreak}
                zones: [user, tool_result]
              - id: tox
                path: t/model.onnx
                tokenizer: t/tokenizer.json
                config: t/other.json
                sha256: %s
                labels:
                  toxic: {type: toxic_content, threshold: 0.65, severity: low}
                activation: sigmoid
                zones: [assistant]
                max_tokens: 512
                max_windows: 4
                threads: 2
            """
                .formatted("AB".repeat(32)));
    assertThat(config.models())
        .containsExactly(
            new ModelConfig(
                new LabelModelSpec(
                    "acme-guard",
                    List.of(
                        new Label("SAFE", Optional.empty(), 0.8, Severity.MEDIUM),
                        new Label("1", Optional.of(FindingType.JAILBREAK), 0.8, Severity.MEDIUM)),
                    Activation.AUTO,
                    Set.of(Zone.USER, Zone.TOOL_RESULT),
                    256,
                    16,
                    1),
                Path.of("m/model.onnx"),
                Path.of("m/tokenizer.json"),
                null,
                null),
            new ModelConfig(
                new LabelModelSpec(
                    "tox",
                    List.of(
                        new Label(
                            "toxic", Optional.of(FindingType.TOXIC_CONTENT), 0.65, Severity.LOW)),
                    Activation.SIGMOID,
                    Set.of(Zone.ASSISTANT),
                    512,
                    4,
                    2),
                Path.of("t/model.onnx"),
                Path.of("t/tokenizer.json"),
                Path.of("t/other.json"),
                "ab".repeat(32)));
  }

  @Test
  void a_cross_encoder_reads_answers_and_keeps_what_they_are_held_against() throws Exception {
    String model =
        """
        models:
          - id: nli
            kind: cross_encoder
            path: m/model.onnx
            tokenizer: m/tokenizer.json
            labels: {contradiction: ungrounded_answer}
        """;
    LabelModelSpec plain = read(model).models().get(0).spec();
    assertThat(plain.isCrossEncoder()).isTrue();
    assertThat(plain.zones()).containsExactly(Zone.ASSISTANT);
    assertThat(plain.contextBytes()).isEqualTo(16 * 1_024);
    assertThat(plain.mostWindows()).isEqualTo(64);
    LabelModelSpec other =
        read(model + "    zones: [assistant]\n    context_bytes: 64KiB\n    max_windows: 200\n")
            .models()
            .get(0)
            .spec();
    assertThat(other.contextBytes()).isEqualTo(64 * 1_024);
    assertThat(other.mostWindows()).isEqualTo(200);
    assertThat(problems(model + "    zones: [assistant, user]\n    context_bytes: 65KiB\n"))
        .containsExactly(
            "f.yaml:7: models[0].zones: expected [assistant], since a cross_encoder reads answers"
                + " alone",
            "f.yaml:8: models[0].context_bytes: expected a size from 1024 to 65536 bytes, such as"
                + " 262144, 256KiB or 16MiB, was \"65KiB\"");
    assertThat(
            problems(
                model.replace("cross_encoder", "classifier")
                    + "    zones: [assistant]\n    context_bytes: 1KiB\n"))
        .containsExactly(
            "f.yaml:8: models[0].context_bytes: expected only where kind is cross_encoder");
    assertThat(problems(model.replace("cross_encoder", "pairs") + "    zones: [user]\n"))
        .containsExactly(
            "f.yaml:3: models[0].kind: expected one of classifier, cross_encoder, was \"pairs\"");
  }

  @Test
  void every_wrong_value_of_a_model_is_refused_with_its_place() {
    assertThat(
            problems(
                """
                models:
                  - id: signatures
                    path: m.onnx
                    sha256: abc
                    labels:
                      SAFE: harmless
                      BAD: prompt_injecton
                      TOX: {type: toxic_content, threshold: 1.5, severity: bad, colour: red}
                    zones: [users]
                    activation: tanh
                    max_tokens: 8
                    threads: 64
                  - id: b
                    path: m.onnx
                    tokenizer: t.json
                    labels: {SAFE: benign}
                    zones: []
                  - just text
                """))
        .containsExactly(
            "f.yaml:2: models[0].tokenizer: expected the path of its tokenizer.json",
            "f.yaml:2: models[0].id: expected lower-case letters, digits, '.', '_' and '-', and not"
                + " the name of a stage, was \"signatures\"",
            "f.yaml:4: models[0].sha256: expected 64 hex digits, was \"abc\"",
            "f.yaml:6: models[0].labels.SAFE: expected a finding type or benign, was \"harmless\";"
                + " types are benign, prompt_injection, indirect_injection, jailbreak,"
                + " role_injection, prompt_extraction, encoding_attack, delimiter_injection,"
                + " multi_turn_attack, many_shot_attack, secret_leakage, pii_detected,"
                + " system_prompt_leak, canary_token_leakage, data_exfiltration, shell_injection,"
                + " sql_injection, ssrf_attempt, path_traversal, tool_not_allowed,"
                + " mcp_tool_poisoning, mcp_shadowing, insecure_code, toxic_content,"
                + " ungrounded_answer",
            "f.yaml:7: models[0].labels.BAD: expected a finding type or benign, was"
                + " \"prompt_injecton\" (did you mean prompt_injection, role_injection?)",
            "f.yaml:8: models[0].labels.TOX.threshold: expected a number from 0.01 to 1.0, was"
                + " \"1.5\"",
            "f.yaml:8: models[0].labels.TOX.severity: expected one of info, low, medium, high,"
                + " critical, was \"bad\"",
            "f.yaml:8: models[0].labels.TOX.colour: unknown key, expected one of severity,"
                + " threshold, type",
            "f.yaml:9: models[0].zones[0]: expected one of system, user, assistant, tool_call,"
                + " tool_result, document, metadata, was \"users\"",
            "f.yaml:10: models[0].activation: expected one of auto, softmax, sigmoid, was \"tanh\"",
            "f.yaml:11: models[0].max_tokens: expected an integer from 16 to 8192, was \"8\"",
            "f.yaml:12: models[0].threads: expected an integer from 1 to 8, was \"64\"",
            "f.yaml:16: models[1].labels: expected a map of the model's outputs, by name or number,"
                + " to finding types, at least one of them not benign",
            "f.yaml:17: models[1].zones: expected a list of at least one of system, user,"
                + " assistant, tool_call, tool_result, document, metadata",
            "f.yaml:18: models[2]: expected a section with keys, was a single value");
  }

  private static String acme() throws IOException {
    return Files.readString(ACME);
  }

  private Path pack(String name, String yaml) throws IOException {
    return Files.writeString(directory.resolve(name), yaml);
  }

  private static LlmtraceConfig read(String text) throws ConfigException {
    return ConfigFile.parse("f.yaml", text, ENV, ConfigFile.Role.BOTH);
  }

  private static List<String> problems(String text) {
    ConfigException refused = catchThrowableOfType(ConfigException.class, () -> read(text));
    assertThat(refused).as("a configuration that is refused").isNotNull();
    return refused.problems().stream().map(ConfigProblem::toString).toList();
  }
}
