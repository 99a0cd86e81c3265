package io.llmtrace.policies.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Window;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.yaml.YamlProblem;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PolicyReaderTest {
  private static final String HEAD =
      """
      apiVersion: llmtrace.io/v1
      kind: Policy
      metadata: {name: test}
      """;

  private static List<String> problems(String yaml) {
    return catchThrowableOfType(PolicyProblemsException.class, () -> PolicyReader.read(yaml))
        .problems()
        .stream()
        .map(YamlProblem::toString)
        .toList();
  }

  private static List<String> problemsOf(String rest) {
    return problems(HEAD + rest);
  }

  private static List<String> warnings(String rest) throws PolicyProblemsException {
    return PolicyReader.read(HEAD + rest, LocalDate.parse("2026-06-01")).warnings().stream()
        .map(YamlProblem::toString)
        .toList();
  }

  @Test
  void reads_every_key() throws PolicyProblemsException {
    Policy policy =
        PolicyReader.read(
            """
            apiVersion: llmtrace.io/v1
            kind: Policy
            metadata:
              {name: support, description: For the shop, owner: s@acme.example, labels: {team: a}}
            mode: enforce
            profile: strict
            match:
              tenants: [acme]
              headers: {x-app: "web*"}
              time: {days: [mon, fri], from: "08:00", to: "18:00", zone: Europe/Berlin}
            thresholds: {prompt_injection: 0.7}
            on_uninspectable: block
            block_style: refusal
            messages: {block: "No.", limit: "Later."}
            models: {allow: ["gpt-4o*"], deny: [gpt-4-32k]}
            tools: {deny: ["shell*"], action: flag}
            patterns:
              - {name: aurora, pattern: '(?i)project\\s+aurora', zones: [user], severity: high}
            sensitive: {email: redact, iban: block}
            rules:
              - name: attacks
                findings: {types: [jailbreak], groups: [attack], zones: [user], confidence: 0.8}
                when: tools.exists(t, t.startsWith('admin'))
                action: block
                message: Not here.
                block_style: forbidden
                locked: true
              - name: secrets
                findings: [secret_leakage]
                action: redact
              - name: slow
                action: limit
                limit: {requests_per_minute: 10, by: [consumer]}
            exceptions:
              - {name: red, owner: sec@acme.example, expires: 2027-01-31, match: {consumers: [red]}}
            defaults: "off"
            """);

    assertThat(policy.name()).isEqualTo("support");
    assertThat(policy.metadata())
        .isEqualTo(new Policy.Metadata("For the shop", "s@acme.example", Map.of("team", "a")));
    assertThat(policy.mode()).isEqualTo(Mode.ENFORCE);
    assertThat(policy.match().headers()).containsEntry("x-app", List.of(NamePattern.of("web*")));
    assertThat(policy.match().time())
        .isEqualTo(
            new TimeWindow(
                Set.of(DayOfWeek.MONDAY, DayOfWeek.FRIDAY), "08:00", "18:00", "Europe/Berlin"));
    assertThat(policy.thresholds()).containsEntry(FindingType.PROMPT_INJECTION, 0.7);
    assertThat(policy.onUninspectable()).isEqualTo(UninspectableAction.BLOCK);
    assertThat(policy.blockStyle()).isEqualTo(BlockStyle.REFUSAL);
    assertThat(policy.messages()).containsEntry(MessageKind.LIMIT, "Later.");
    assertThat(policy.models())
        .isEqualTo(
            new NameList(
                List.of(NamePattern.of("gpt-4o*")),
                List.of(NamePattern.of("gpt-4-32k")),
                Action.BLOCK));
    assertThat(policy.patterns())
        .containsExactly(
            new TextPattern("aurora", "(?i)project\\s+aurora", Set.of(Zone.USER), Severity.HIGH));
    assertThat(policy.sensitive()).containsEntry("email", Action.REDACT);
    Rule attacks = policy.rules().get(0);
    assertThat(attacks.findings().groups()).containsExactly(FindingType.Group.ATTACK);
    assertThat(attacks.findings().confidence()).isEqualTo(0.8);
    assertThat(attacks.when().text()).isEqualTo("tools.exists(t, t.startsWith('admin'))");
    assertThat(attacks.locked()).isTrue();
    assertThat(policy.rules().get(1).findings().types())
        .containsExactly(FindingType.SECRET_LEAKAGE);
    assertThat(policy.rules().get(2).rate())
        .isEqualTo(new Rule.Rate(10, Set.of(Dimension.CONSUMER)));
    assertThat(policy.exceptions().get(0).expires()).isEqualTo("2027-01-31");
    assertThat(policy.defaults()).isEqualTo(Defaults.OFF);
  }

  @Test
  void reads_budgets() throws PolicyProblemsException {
    Policy policy =
        PolicyReader.read(
            HEAD
                + """
                match: {consumers: ["web*"]}
                budgets: [{name: day, usd: {day: 50, month: 900.5}, by: [consumer]}]
                """);

    assertThat(policy.budgets().get(0).usd())
        .isEqualTo(Map.of(Window.DAY, 50.0, Window.MONTH, 900.5));
  }

  @Test
  void tells_all_problems_at_once_with_their_places_and_what_was_meant() {
    assertThat(
            problems(
                """
                apiVersion: llmtrace.io/v1
                kind: Policy
                metadata: {name: Test}
                mod: enforce
                rules:
                  - name: a
                    action: blok
                  - name: a
                    findings: [promt_injection]
                    action: block
                """))
        .containsExactly(
            "3:18: metadata.name: expected a name of lower-case letters, digits and dashes, at most"
                + " 63, was 'Test'",
            "4:1: mod: unknown key of a policy (did you mean 'mode'?)",
            "7:13: rules[0].action: expected one of allow, flag, redact, limit, block, was 'blok'"
                + " (did you mean 'block'?)",
            "8:11: rules[1].name: 'a' is there twice, first on line 6",
            "9:16: rules[1].findings[0]: expected a finding type, was 'promt_injection' (did you"
                + " mean 'prompt_injection'?)");
  }

  @Test
  void what_is_missing_is_told_at_the_section_it_is_missing_in() {
    assertThat(problems("kind: Policy\nmetadata: {owner: me}\n"))
        .containsExactly(
            "1:1: apiVersion: is missing; expected one of llmtrace.io/v1",
            "2:11: metadata.name: is missing; expected a name of lower-case letters, digits and"
                + " dashes, at most 63");
  }

  @Test
  void keys_must_fit_the_action() {
    assertThat(
            problemsOf(
                """
                rules:
                  - {name: a, action: flag, message: hello}
                  - {name: b, action: block, limit: {requests_per_minute: 3}}
                  - {name: d, action: limit, block_style: error, findings: {}}
                """))
        .containsExactly(
            "5:38: rules[0].message: is for action block and limit only, was flag (leave the key"
                + " out)",
            "6:37: rules[1].limit: is for action limit only, was block (leave the key out)",
            "7:43: rules[2].block_style: is for action block only, was limit (leave the key out)",
            "7:60: rules[2].findings: selects nothing in particular (severity: info is every"
                + " finding)");
  }

  @Test
  void times_zones_and_days_are_checked() {
    assertThat(
            problemsOf(
                """
                match: {time: {from: "8 o'clock", to: "25:00", zone: Europe/Berln}}
                exceptions:
                  - {name: a, owner: me, expires: 2027-02-30, findings: [jailbreak]}
                  - {name: b, owner: me, expires: tomorrow, findings: [jailbreak]}
                """))
        .containsExactly(
            "4:22: match.time.from: expected a time of day such as 08:00, was '8 o'clock'",
            "4:39: match.time.to: expected a time of day such as 08:00, was '25:00'",
            "4:54: match.time.zone: expected a time zone such as Europe/Berlin or UTC, was"
                + " 'Europe/Berln' (did you mean 'Europe/Berlin'?)",
            "6:35: exceptions[0].expires: expected a day that exists, was '2027-02-30'",
            "7:35: exceptions[1].expires: expected a date such as 2027-01-31, was 'tomorrow'");
  }

  @Test
  void an_exception_for_everything_is_refused() {
    assertThat(problemsOf("exceptions: [{name: a, owner: me, expires: 2027-01-01}]\n"))
        .singleElement()
        .asString()
        .contains("switches the policy off");
  }

  @Test
  void a_policy_with_budgets_matches_by_what_the_control_plane_knows() {
    assertThat(
            problemsOf(
                """
                match: {consumers: ["web-*", "*-web"], zones: [user]}
                budgets: [{name: day, usd: {day: 50}}]
                """))
        .containsExactly(
            "4:30: match.consumers[1]: expected a * only at the end, because the policy has"
                + " budgets, was '*-web'",
            "4:47: match.zones: expected only agents, consumers, models, routes or tenants in the"
                + " match of a policy with budgets (move the budgets into a policy of their own)");
  }

  @Test
  void headers_that_carry_credentials_cannot_be_matched() {
    assertThat(problemsOf("match: {headers: {authorization: 'Bearer*'}}\n"))
        .singleElement()
        .asString()
        .contains("match consumers instead");
  }

  @Test
  void patterns_must_be_linear_bounded_and_find_something() {
    assertThat(
            problemsOf(
                """
                patterns:
                  - {name: back, pattern: '(a)\\1'}
                  - {name: huge, pattern: '((a{1,100}){1,100}){1,100}'}
                  - {name: all, pattern: 'x*'}
                """))
        .satisfiesExactly(
            first -> assertThat(first).contains("patterns[0].pattern: is no RE2 pattern"),
            second -> assertThat(second).contains("instructions, more than"),
            third -> assertThat(third).contains("matches the empty text"));
  }

  @Test
  void one_value_where_a_list_is_expected_is_told_how_to_be_written() {
    assertThat(problemsOf("match: {models: gpt-4o}\n"))
        .containsExactly("4:17: match.models: expected a list, was 'gpt-4o' (write [gpt-4o])");
  }

  @Test
  void control_characters_and_long_messages_are_refused() {
    assertThat(problemsOf("messages: {block: \"a\\ab\", limit: \"" + "x".repeat(1001) + "\"}\n"))
        .containsExactly(
            "4:19: messages.block: expected no control character, was U+0007 at character 2",
            "4:34: messages.limit: expected at most 1000 characters, was 1001");
  }

  @Test
  void warns_of_exceptions_that_hold_no_more() throws PolicyProblemsException {
    assertThat(
            warnings(
                """
                exceptions:
                  - {name: a, owner: me, expires: 2026-06-01, findings: [jailbreak]}
                  - {name: b, owner: me, expires: 2026-06-02, findings: [jailbreak]}
                """))
        .containsExactly(
            "5:5: exceptions[0]: 'a' holds no more since 2026-06-01 (remove it, or ask me for a"
                + " later day)");
  }

  @Test
  void warns_of_rules_that_never_act() throws PolicyProblemsException {
    assertThat(
            warnings(
                """
                rules:
                  - {name: attacks, findings: {groups: [attack]}, action: block}
                  - {name: jailbreaks, findings: [jailbreak], action: flag}
                  - {name: slow, action: limit, limit: {requests_per_minute: 3}}
                  - {name: leaks, findings: {groups: [leak]}, action: flag}
                  - {name: rest, action: allow}
                  - {name: late, findings: [toxic_content], action: block}
                """))
        .containsExactly(
            "6:5: rules[1]: 'jailbreaks' never acts, because 'attacks' above takes all its findings"
                + " (move it up)",
            "10:5: rules[5]: 'late' never acts, because 'rest' above ends the reading (move it up)");
  }

  @Test
  void warns_of_kinds_that_nobody_looks_for() throws PolicyProblemsException {
    assertThat(warnings("sensitive: {person_name: redact, email: redact}\n"))
        .containsExactly(
            "4:26: sensitive.person_name: is not looked for unless the configuration says so (name"
                + " it in detection.sensitive.enable)");
  }
}
