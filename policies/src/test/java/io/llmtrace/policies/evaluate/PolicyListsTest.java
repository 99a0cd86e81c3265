package io.llmtrace.policies.evaluate;

import static io.llmtrace.policies.evaluate.Asked.CHAT;
import static io.llmtrace.policies.evaluate.Asked.injection;
import static io.llmtrace.policies.evaluate.Programs.decide;
import static io.llmtrace.policies.evaluate.Programs.program;
import static io.llmtrace.policies.evaluate.Programs.says;
import static io.llmtrace.policies.evaluate.Programs.unlimited;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.policy.Action;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Models and tools that a policy allows and denies, also where a body can be read otherwise. */
class PolicyListsTest {
  private static final String DOUBTFUL_LISTS =
      """
      metadata: {name: p}
      mode: enforce
      models: {allow: ["gpt-4o*"], action: block}
      tools: {deny: ["shell*"], action: block}
      """;

  @Test
  void modelsAndToolsThatAreNotAllowed() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        models: {allow: ["gpt-4o*"], deny: [gpt-4o-audio], action: block}
        tools: {deny: ["shell*"], action: flag}
        """;
    says(decide(yaml, CHAT), Action.ALLOW, "default/allow");
    says(decide(yaml, CHAT.with("o3", List.of())), Action.BLOCK, "p/models");
    says(decide(yaml, CHAT.with("gpt-4o-audio", List.of())), Action.BLOCK, "p/models");
    Asked shell = CHAT.with("gpt-4o", List.of("search", "shell_exec"));
    List<Finding> found = new ArrayList<>();
    PolicyProgram program = program(yaml);
    assertThat(program.find(shell, List.of(), unlimited(), found)).isTrue();
    assertThat(found)
        .singleElement()
        .satisfies(f -> assertThat(f.type()).isEqualTo(FindingType.TOOL_NOT_ALLOWED))
        .satisfies(f -> assertThat(f.evidence()).isEqualTo("shell_exec"));
    Verdict verdict = program.decide(shell.question(found.toArray(Finding[]::new)));
    // The list said what is to be done about it: the built-in rules do not see it again.
    says(verdict, Action.FLAG, "p/tools");
    assertThat(verdict.decision().category()).isEqualTo("tool_not_allowed");
  }

  private static Verdict asked(String yaml, String body) throws Exception {
    Exchange exchange =
        ExchangeReader.read(
            new RequestContent(
                "POST",
                "/v1/chat/completions",
                Map.of("content-type", "application/json"),
                body.getBytes(StandardCharsets.UTF_8)),
            null);
    Asked facts = CHAT.with(exchange.model(), exchange.tools()).certain(exchange.certain());
    return program(yaml).decide(facts.question());
  }

  @Test
  void listsAreKeptByNoBodyThatIsReadOtherwiseElsewhere() throws Exception {
    String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
    says(
        asked(DOUBTFUL_LISTS, "{\"model\":\"gpt-4o\"," + messages + "}"),
        Action.ALLOW,
        "default/allow");
    for (String body :
        List.of(
            "{\"model\":\"o3\",\"x\":NaN," + messages + "}",
            "{\"model\":\"o3\",\"model\":\"gpt-4o\"," + messages + "}",
            "{\"model\":\"gpt-4o\",\"models\":[\"o3\"]," + messages + "}",
            "{\"model\":\"unknown\"," + messages + "}",
            "{" + messages + "}")) {
      assertThat(asked(DOUBTFUL_LISTS, body).decision().rule()).as(body).isEqualTo("p/models");
    }
  }

  @Test
  void everyToolHasANameThatListsCanSpeakOf() throws Exception {
    String body =
        "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":[%s]}";
    String search = "metadata: {name: p}\nmode: enforce\ntools: {allow: [search], action: block}";
    says(
        asked(search, body.formatted("{\"type\":\"function\",\"function\":{\"name\":\"search\"}}")),
        Action.ALLOW,
        "default/allow");
    for (String tool :
        List.of(
            "{\"type\":\"custom\",\"custom\":{\"name\":\"shell\"}}",
            "{\"type\":\"code_interpreter\"}",
            "{}")) {
      assertThat(asked(search, body.formatted(tool)).decision().rule())
          .as(tool)
          .isEqualTo("p/tools");
    }
  }

  @Test
  void whatLetsPassIsForNoBodyInDoubtAndWhatStopsIs() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: fine, match: {models: [internal-*]}, action: allow}
          - {name: no-shell, match: {tools: [shell*]}, action: block}
        """;
    says(decide(yaml, CHAT.certain(false)), Action.BLOCK, "p/no-shell");
    says(
        decide(yaml, CHAT.with("internal-1", List.of()).certain(false), injection(0.9)),
        Action.BLOCK,
        "p/no-shell");
    // Of what nobody read another setting decides.
    says(decide(yaml, CHAT.coverage("uninspected")), Action.ALLOW, "default/allow");
  }
}
