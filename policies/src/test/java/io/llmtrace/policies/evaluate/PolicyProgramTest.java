package io.llmtrace.policies.evaluate;

import static io.llmtrace.policies.evaluate.Asked.CHAT;
import static io.llmtrace.policies.evaluate.Asked.email;
import static io.llmtrace.policies.evaluate.Asked.finding;
import static io.llmtrace.policies.evaluate.Asked.injection;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What policies decide, each rule of the language with the case that needs it. */
class PolicyProgramTest {
  private static PolicyProgram program(String... yaml) {
    return PolicyProgram.link(
        Layers.of(java.util.Arrays.stream(yaml).map(Asked::policy).toList()).effective());
  }

  private static Verdict decide(String yaml, Asked asked, Finding... findings) {
    return program(yaml).decide(asked.question(findings));
  }

  private static void says(Verdict verdict, Action action, String rule) {
    assertThat(verdict.decision())
        .extracting(Decision::action, Decision::rule)
        .containsExactly(action, rule);
  }

  @Test
  void withoutPoliciesTheBuiltInRulesDecideAsTheRouteSays() {
    PolicyProgram builtIn = program();
    says(builtIn.decide(CHAT.question(injection(0.9))), Action.BLOCK, "default/high-blocks");
    says(builtIn.decide(CHAT.question()), Action.ALLOW, "default/allow");
    Verdict observed =
        builtIn.decide(
            new Question(CHAT, List.of(injection(0.9)), null, RedactRule.NONE, 0, RateGate.OPEN));
    assertThat(observed.decision().action()).isEqualTo(Action.FLAG);
    assertThat(observed.decision().would()).isEqualTo(Action.BLOCK);
    assertThat(observed.decision().policy()).isEqualTo("built-in");
  }

  @Test
  void aPolicyThatDoesNotSayObserves() {
    Verdict verdict = decide("metadata: {name: p}", CHAT, injection(0.9));
    assertThat(verdict.decision().mode()).isEqualTo(Mode.OBSERVE);
    assertThat(verdict.decision().action()).isEqualTo(Action.FLAG);
    assertThat(verdict.decision().would()).isEqualTo(Action.BLOCK);
  }

  @Test
  void aRouteThatObservesIsStrongerThanAPolicyThatEnforces() {
    Verdict verdict =
        program("metadata: {name: p}\nmode: enforce")
            .decide(
                new Question(
                    CHAT,
                    List.of(injection(0.9)),
                    Mode.OBSERVE,
                    RedactRule.NONE,
                    7,
                    RateGate.OPEN));
    assertThat(verdict.decision().action()).isEqualTo(Action.FLAG);
    assertThat(verdict.decision().revision()).isEqualTo(7);
  }

  @Test
  void theFirstRuleTakesAFindingAndTheStrictestActionCounts() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: mild, findings: [prompt_injection], action: flag}
          - {name: hard, findings: {groups: [attack]}, action: block}
        """;
    says(decide(yaml, CHAT, injection(0.9)), Action.FLAG, "p/mild");
    says(
        decide(yaml, CHAT, injection(0.9), finding(FindingType.JAILBREAK, Severity.LOW, 0.3)),
        Action.BLOCK,
        "p/hard");
  }

  @Test
  void allowingOneFindingHidesNoOther() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: fine, findings: [prompt_injection], action: allow}
        """;
    says(decide(yaml, CHAT, injection(0.9)), Action.ALLOW, "p/fine");
    says(
        decide(yaml, CHAT, injection(0.9), finding(FindingType.JAILBREAK, Severity.HIGH, 0.9)),
        Action.BLOCK,
        "default/high-blocks");
  }

  @Test
  void allowingAnExchangeEndsTheReading() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: red-team, match: {consumers: [red-*]}, action: allow}
          - {name: all, action: block}
        """;
    says(decide(yaml, CHAT.consumer("red-1"), injection(0.9)), Action.ALLOW, "p/red-team");
    says(decide(yaml, CHAT), Action.BLOCK, "p/all");
  }

  @Test
  void whatIsRedactedIsWhatTheRuleTook() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: hide, findings: {types: [pii_detected]}, action: redact}
        sensitive: {iban: redact}
        """;
    Finding iban = finding(FindingType.PII_DETECTED, Severity.HIGH, 0.9, "sensitive", "iban");
    Verdict verdict = decide(yaml, CHAT, email(), iban);
    says(verdict, Action.REDACT, "p/hide");
    assertThat(verdict.redact()).containsExactly(email(), iban);
  }

  @Test
  void kindsOfSensitiveDataComeAfterTheRules() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        sensitive: {email: redact, iban: block, person_name: allow}
        """;
    Finding iban = finding(FindingType.PII_DETECTED, Severity.HIGH, 0.9, "sensitive", "iban");
    Finding name =
        finding(FindingType.PII_DETECTED, Severity.MEDIUM, 0.9, "sensitive", "person_name");
    says(decide(yaml, CHAT, name), Action.ALLOW, "p/sensitive.person_name");
    Verdict redacted = decide(yaml, CHAT, email(), name);
    says(redacted, Action.REDACT, "p/sensitive.email");
    assertThat(redacted.redact()).containsExactly(email());
    says(decide(yaml, CHAT, email(), iban), Action.BLOCK, "p/sensitive.iban");
  }

  @Test
  void whatStandsForMoreIsWhatAStrictRuleWants() {
    Finding more = finding(FindingType.PII_DETECTED, Severity.LOW, 0.5, "engine", Finding.TOO_MANY);
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        sensitive: {email: redact}
        """;
    Verdict verdict = decide(yaml, CHAT, more);
    assertThat(verdict.decision().action()).isEqualTo(Action.REDACT);
    assertThat(verdict.redact()).containsExactly(more);
    String ruled =
        """
        metadata: {name: p}
        mode: enforce
        rules: [{name: hide, findings: {types: [secret_leakage]}, action: redact}]
        """;
    assertThat(decide(ruled, CHAT, more).redact()).containsExactly(more);
  }

  @Test
  void conditionsSeeWhatCounts() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        thresholds: {prompt_injection: 0.8}
        rules:
          - name: sure
            when: "findings.exists(f, f.type == 'prompt_injection' && f.severity >= high)"
            action: block
        """;
    says(decide(yaml, CHAT, injection(0.9)), Action.BLOCK, "p/sure");
    says(decide(yaml, CHAT, injection(0.7)), Action.ALLOW, "default/allow");
  }

  @Test
  void exceptionsEndOnTheirDay() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        exceptions:
          - {name: red-team, owner: sec, expires: 2027-01-31, match: {consumers: [red-*]}, findings: {groups: [attack]}}
        """;
    Asked red = CHAT.consumer("red-1");
    says(decide(yaml, red, injection(0.9)), Action.ALLOW, "default/allow");
    says(decide(yaml, CHAT, injection(0.9)), Action.BLOCK, "default/high-blocks");
    says(
        decide(yaml, red.at("2027-01-30T23:59:59Z"), injection(0.9)),
        Action.ALLOW,
        "default/allow");
    says(
        decide(yaml, red.at("2027-01-31T00:00:00Z"), injection(0.9)),
        Action.BLOCK,
        "default/high-blocks");
  }

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

  @Test
  void patternsFindWithPlacesAndOnceForKnownText() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            patterns:
              - {name: aurora, pattern: '(?i)project\\s+aurora', zones: [user], severity: high}
            rules:
              - {name: secret-project, findings: {rules: [aurora]}, action: block}
            """);
    List<Segment> segments =
        List.of(
            new Segment(Zone.SYSTEM, "system", "/0", "project aurora"),
            new Segment(Zone.USER, "user", "/1", "😀 tell of Project  AURORA and project aurora"));
    for (int i = 0; i < 2; i++) {
      List<Finding> found = new ArrayList<>();
      assertThat(program.find(CHAT, segments, unlimited(), found)).isTrue();
      assertThat(found).hasSize(2).allMatch(f -> f.pointer().equals("/1"));
      assertThat(found.get(0).start()).isEqualTo(10);
      assertThat(found.get(0).end()).isEqualTo(25);
      says(
          program.decide(CHAT.question(found.toArray(Finding[]::new))),
          Action.BLOCK,
          "p/secret-project");
    }
  }

  @Test
  void patternsStopWithTheBudget() {
    PolicyProgram program =
        program("metadata: {name: p}\npatterns: [{name: x, pattern: x, severity: low}]");
    List<Segment> segments = List.of(new Segment(Zone.USER, "user", "/0", "x"));
    InspectionBudget spent = InspectionBudget.until(System.nanoTime() - 1);
    assertThat(program.find(CHAT, segments, spent, new ArrayList<>())).isFalse();
    List<Finding> found = new ArrayList<>();
    assertThat(program.find(CHAT, segments, unlimited(), found)).isTrue();
    assertThat(found).hasSize(1);
  }

  @Test
  void aLimitHoldsWhenItsRateIsOver() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            rules:
              - {name: slow, action: limit, limit: {requests_per_minute: 2, by: [consumer]}, message: "Slow down."}
            """);
    Question within = CHAT.question();
    says(program.decide(within), Action.ALLOW, "default/allow");
    Question over =
        new Question(
            CHAT,
            List.of(),
            Mode.ENFORCE,
            RedactRule.NONE,
            7,
            (policy, rule, rate, facts) -> {
              assertThat(rate.requestsPerMinute()).isEqualTo(2);
              return 5_000_000_000L;
            });
    Verdict verdict = program.decide(over);
    says(verdict, Action.LIMIT, "p/slow");
    assertThat(verdict.retryAfterNanos()).isEqualTo(5_000_000_000L);
    assertThat(verdict.message()).isEqualTo("Slow down.");
  }

  @Test
  void messagesAndStylesOfTheRuleComeFirst() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        block_style: refusal
        messages: {block: "Ask the desk."}
        rules:
          - {name: a, match: {models: [o3]}, action: block, message: "Not o3.", block_style: forbidden}
          - {name: b, findings: {groups: [attack]}, action: block}
        """;
    Verdict own = decide(yaml, CHAT.with("o3", List.of()));
    assertThat(own.message()).isEqualTo("Not o3.");
    assertThat(own.blockStyle()).isEqualTo(BlockStyle.FORBIDDEN);
    Verdict general = decide(yaml, CHAT, injection(0.9));
    assertThat(general.message()).isEqualTo("Ask the desk.");
    assertThat(general.blockStyle()).isNull();
    assertThat(program(yaml).blockStyle()).isEqualTo(BlockStyle.REFUSAL);
  }

  @Test
  void withoutDefaultsWhatNoRuleTakesPasses() {
    String yaml = "metadata: {name: p}\nmode: enforce\ndefaults: off";
    says(decide(yaml, CHAT, injection(0.9)), Action.ALLOW, "default/allow");
  }

  @Test
  void whatARouteRedactsItRedactsWhateverThePolicySays() {
    RedactRule route = new RedactRule(Set.of(), Set.of("email"), Severity.LOW);
    Verdict verdict =
        program("metadata: {name: p}\nmode: enforce\ndefaults: off")
            .decide(new Question(CHAT, List.of(email()), Mode.ENFORCE, route, 7, RateGate.OPEN));
    says(verdict, Action.REDACT, "route/redact");
    assertThat(verdict.redact()).containsExactly(email());
  }

  @Test
  void anExplanationSaysWhichRuleNearlyDecidedAndWithWhatValues() {
    Explanation explanation =
        program(
                """
                metadata: {name: p}
                mode: enforce
                rules:
                  - {name: sure, findings: {types: [prompt_injection], confidence: 0.95}, action: block}
                  - {name: app, when: "headers['x-app'] == 'mobile'", action: block}
                  - {name: other, match: {models: [o3]}, action: block}
                """)
            .explain(CHAT.question(injection(0.9)));
    assertThat(explanation.verdict().decision().rule()).isEqualTo("default/high-blocks");
    assertThat(explanation.steps())
        .extracting(Explanation.Step::rule, Explanation.Step::acts)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("p/sure", false),
            org.assertj.core.groups.Tuple.tuple("p/app", false),
            org.assertj.core.groups.Tuple.tuple("p/other", false),
            org.assertj.core.groups.Tuple.tuple("default/high-blocks", true));
    assertThat(explanation.steps().get(0).why()).contains("confidence 0.9 is under 0.95");
    assertThat(explanation.steps().get(1).why()).contains("x-app").contains("web");
    assertThat(explanation.steps().get(2).why()).isEqualTo("models does not match");
  }

  @Test
  void explainingDecidesTheSame() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            thresholds: {jailbreak: 0.6}
            rules:
              - {name: a, findings: {groups: [attack], severity: high}, action: block}
              - {name: b, when: "size(tools) > 0", action: flag}
            sensitive: {email: redact}
            """);
    List<List<Finding>> cases =
        List.of(
            List.of(),
            List.of(email()),
            List.of(injection(0.4)),
            List.of(email(), injection(0.9)),
            List.of(finding(FindingType.JAILBREAK, Severity.HIGH, 0.5)));
    for (List<Finding> each : cases) {
      Question question = CHAT.question(each.toArray(Finding[]::new));
      assertThat(program.explain(question).verdict()).isEqualTo(program.decide(question));
    }
  }

  /** Read as one text, or in more than one way: nobody knows what a provider makes of it. */
  private static final String DOUBTFUL_LISTS =
      """
      metadata: {name: p}
      mode: enforce
      models: {allow: ["gpt-4o*"], action: block}
      tools: {deny: ["shell*"], action: block}
      """;

  private static Verdict asked(String yaml, String body) throws Exception {
    io.llmtrace.policies.exchange.Exchange exchange =
        io.llmtrace.policies.exchange.ExchangeReader.read(
            new io.llmtrace.policies.exchange.RequestContent(
                "POST",
                "/v1/chat/completions",
                java.util.Map.of("content-type", "application/json"),
                body.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
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

  @Test
  void moreMatchesThanAreKeptAreNotHalfRedacted() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            patterns: [{name: number, pattern: 'CU-[0-9]{4}', severity: high}]
            rules: [{name: hide, findings: {rules: [number]}, action: redact}]
            """);
    List<Segment> segments = List.of(new Segment(Zone.USER, "user", "/0", "CU-1234 ".repeat(501)));
    List<Finding> found = new ArrayList<>();
    assertThat(program.find(CHAT, segments, unlimited(), found)).isTrue();
    assertThat(found).hasSize(501).last().matches(Finding::standsForMore);
    Verdict verdict = program.decide(CHAT.question(found.toArray(Finding[]::new)));
    assertThat(verdict.redact()).contains(found.get(500));
    List<Segment> many = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      many.add(new Segment(Zone.USER, "user", "/" + i, "CU-1234 " + i));
    }
    found.clear();
    assertThat(program.find(CHAT, many, unlimited(), found)).isTrue();
    assertThat(found).hasSizeLessThan(2_100).last().matches(Finding::standsForMore);
  }

  private static InspectionBudget unlimited() {
    return InspectionBudget.until(System.nanoTime() + 10_000_000_000L);
  }
}
