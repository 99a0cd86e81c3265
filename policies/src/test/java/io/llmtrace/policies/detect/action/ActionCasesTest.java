package io.llmtrace.policies.detect.action;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The cases in {@code action-cases.yaml}: an argument, and the worst that is to be said of it. Each
 * is read in both ways that providers write arguments: as JSON in a string, and as a value.
 */
class ActionCasesTest {
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  Collection<DynamicTest> an_argument_is_judged_by_what_it_would_do() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (InputStream in = ActionCasesTest.class.getResourceAsStream("/action-cases.yaml")) {
      for (JsonNode node : YAML.readTree(in)) {
        String name = node.get(0).asText();
        String value = node.get(1).asText();
        String expected = node.get(2).asText();
        String label = name + ": " + value.substring(0, Math.min(60, value.length()));
        tests.add(
            DynamicTest.dynamicTest(label + " (value)", () -> check(name, value, expected, false)));
        tests.add(
            DynamicTest.dynamicTest(label + " (json)", () -> check(name, value, expected, true)));
      }
    }
    return tests;
  }

  private static void check(String name, String value, String expected, boolean json)
      throws JsonProcessingException {
    String pointer =
        json
            ? "/messages/1/tool_calls/0/function/arguments"
            : "/messages/1/content/0/input/" + name;
    String text = json ? JSON.writeValueAsString(Map.of("n", 1, name, value)) : value;
    List<Finding> findings = Readings.detect(new ActionDetector(), Zone.TOOL_CALL, pointer, text);
    String worst =
        findings.stream()
            .max(Comparator.comparing(Finding::severity).thenComparing(Finding::confidence))
            .map(f -> f.severity().label() + " " + f.type().label())
            .orElse("nothing");
    boolean quiet = findings.stream().allMatch(f -> f.severity().compareTo(Severity.LOW) <= 0);
    if (expected.equals("quiet")) {
      assertThat(quiet).as("%s", findings).isTrue();
    } else {
      assertThat(worst).as("%s", findings).isEqualTo(expected);
    }
    for (Finding finding : findings) {
      assertThat(finding.start()).isBetween(0, text.length());
      assertThat(finding.end()).isBetween(finding.start() + 1, text.length());
    }
  }
}
