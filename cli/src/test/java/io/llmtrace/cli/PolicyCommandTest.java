package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import picocli.CommandLine;

class PolicyCommandTest {
  private static final String POLICY =
      """
      apiVersion: llmtrace.io/v1
      kind: Policy
      metadata: {name: shop}
      rules:
        - {name: no-cards, findings: {rules: [credit_card]}, action: %s}
        - {name: not-too-long, when: bytes > 100000, action: block}
      """;
  private static final String TESTS =
      """
      cases:
        - {name: a question passes, prompt: Where is my parcel?, expect: {action: allow}}
        - name: a card is replaced
          prompt: My card is 4539 1488 0343 6467.
          expect: {action: redact, rule: no-cards, redacted: "My card is [CREDIT_CARD_1]."}
      """;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir Path directory;

  private int run(String... arguments) {
    CommandLine commands = Main.commandLine();
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(arguments);
  }

  private String file(String name, String text) throws Exception {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  @Test
  void a_sound_policy_is_fine() throws Exception {
    String file = file("shop.yaml", POLICY.formatted("redact"));
    assertThat(run("policy", "validate", file)).isZero();
    assertThat(out.toString()).contains(file + ": fine, 2 rules");
  }

  @Test
  void all_that_is_wrong_in_a_directory_is_told_with_its_places() throws Exception {
    String policy = file("shop.yaml", POLICY.formatted("redakt"));
    String tests = file("shop.test.yaml", TESTS.replace("prompt:", "promt:"));
    assertThat(run("policy", "validate", directory.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains(
            policy + ":5:64: rules[0].action: expected one of",
            "(did you mean 'redact'?)",
            tests + ":2:31: cases[0].promt: unknown key of a case (did you mean 'prompt'?)");
  }

  @Test
  void a_condition_is_told_at_its_place_in_the_file() throws Exception {
    String file =
        file("shop.yaml", POLICY.formatted("flag").replace("bytes > 100000", "bytez > 100000"));
    assertThat(run("policy", "validate", file)).isEqualTo(2);
    assertThat(err.toString()).contains(file + ":6:32: rules[1].when: ").contains("bytes");
  }

  @Test
  void what_a_policy_changes_of_those_below_it_is_said() throws Exception {
    String below = file("tenant.yaml", POLICY.formatted("block").replace("shop", "tenant"));
    String file = file("shop.yaml", POLICY.formatted("redact"));
    assertThat(run("policy", "validate", file, "--under", below)).isZero();
    assertThat(out.toString()).contains("no-cards");
  }

  @Test
  void tests_that_pass_end_with_zero_and_are_written_for_ci() throws Exception {
    file("shop.test.yaml", TESTS);
    String policy = file("shop.yaml", POLICY.formatted("redact"));
    Path junit = directory.resolve("results").resolve("junit.xml");

    assertThat(run("policy", "test", policy, "--junit", junit.toString())).isZero();

    assertThat(out.toString()).contains("ok    a card is replaced", "2 tests, 0 failed");
    Element suite = suite(junit);
    assertThat(suite.getAttribute("tests")).isEqualTo("2");
    assertThat(suite.getAttribute("failures")).isEqualTo("0");
  }

  @Test
  void a_test_that_fails_says_what_differs_and_why() throws Exception {
    String tests = file("shop.test.yaml", TESTS);
    file("shop.yaml", POLICY.formatted("block"));
    Path junit = directory.resolve("junit.xml");

    assertThat(run("policy", "test", tests, "--junit", junit.toString())).isEqualTo(1);

    assertThat(out.toString())
        .contains(
            "FAIL  a card is replaced (" + tests + ":3)",
            "- redact",
            "+ block",
            "decided by shop/no-cards",
            "2 tests, 1 failed");
    assertThat(suite(junit).getAttribute("failures")).isEqualTo("1");
    assertThat(suite(junit).getElementsByTagName("failure").item(0).getTextContent())
        .contains("decided by shop/no-cards");
  }

  private static Element suite(Path junit) throws Exception {
    Document document =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(junit.toFile());
    return (Element) document.getElementsByTagName("testsuite").item(0);
  }

  @Test
  void a_policy_without_tests_is_told() throws Exception {
    String file = file("shop.yaml", POLICY.formatted("redact"));
    assertThat(run("policy", "test", file)).isEqualTo(2);
    assertThat(err.toString()).contains(file + ": expected tests in ");
    assertThat(run("policy", "test", directory.resolve("none.yaml").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("none.yaml: expected a policy that exists");
  }

  @Test
  void an_explanation_names_the_rule_that_decides_and_the_one_that_nearly_did() throws Exception {
    String policy = file("shop.yaml", POLICY.formatted("redact"));
    String input = file("input.yaml", "prompt: My card is 4539 1488 0343 6467.\n");

    assertThat(run("policy", "explain", "--policy", policy, "--input", input)).isZero();

    assertThat(out.toString())
        .contains(
            "redact by shop/no-cards",
            "only flagged until its mode is enforce",
            "[CREDIT_CARD_1]",
            "pii_detected by sensitive/credit_card",
            "shop/not-too-long: its condition does not hold",
            "bytes = ");
  }

  @Test
  void an_explanation_as_json_of_standard_input() throws Exception {
    String policy = file("shop.yaml", POLICY.formatted("block"));
    InputStream before = System.in;
    System.setIn(
        new ByteArrayInputStream(
            "{\"prompt\": \"My card is 4539 1488 0343 6467.\"}".getBytes(StandardCharsets.UTF_8)));
    try {
      assertThat(run("policy", "explain", "--policy", policy, "--input", "-", "--json")).isZero();
    } finally {
      System.setIn(before);
    }
    JsonNode json = WireJson.mapper().readTree(out.toString());
    assertThat(json.path("action").asText()).isEqualTo("block");
    assertThat(json.path("rule").asText()).isEqualTo("shop/no-cards");
    assertThat(json.path("findings").get(0).path("rule").asText()).isEqualTo("credit_card");
    assertThat(json.path("steps").get(0).path("acts").asBoolean()).isTrue();
  }

  @Test
  void an_input_that_is_wrong_is_told_with_its_place() throws Exception {
    String policy = file("shop.yaml", POLICY.formatted("block"));
    String input = file("input.yaml", "prompt: a\nrequest: {path: /v1/messages}\nzone: usr\n");
    assertThat(run("policy", "explain", "--policy", policy, "--input", input)).isEqualTo(2);
    assertThat(err.toString())
        .contains(input + ":1:1: expected either prompt or request", input + ":3:7: zone:");
  }

  @Test
  void the_library_is_listed_and_printed() {
    assertThat(run("policy", "library")).isZero();
    assertThat(out.toString()).contains("baseline ", "agents-mcp ");
    assertThat(run("policy", "library", "strict")).isZero();
    assertThat(out.toString()).contains("name: strict");
    assertThat(run("policy", "library", "bseline")).isEqualTo(2);
    assertThat(err.toString()).contains("did you mean baseline");
  }
}
