package io.llmtrace.policies.evaluate;

import static io.llmtrace.policies.evaluate.Asked.CHAT;
import static io.llmtrace.policies.evaluate.Asked.injection;
import static io.llmtrace.policies.evaluate.Asked.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.policy.Action;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayersTest {
  private static final String TENANT =
      """
      metadata: {name: tenant}
      mode: enforce
      block_style: error
      thresholds: {prompt_injection: 0.5}
      models: {allow: ["gpt-*", "o3"], deny: [gpt-3], action: block}
      rules:
        - {name: injections, findings: [prompt_injection], action: block, locked: true}
        - {name: jailbreaks, findings: [jailbreak], action: block}
      """;

  private static PolicyProgram program(String... yaml) {
    return PolicyProgram.link(layers(yaml).effective());
  }

  private static Layers layers(String... yaml) {
    return Layers.of(java.util.Arrays.stream(yaml).map(Asked::policy).toList());
  }

  @Test
  void aNearerLayerCanNeitherReplaceNorPrecedeALockedRule() {
    String route =
        """
        metadata: {name: route}
        rules:
          - {name: injections, findings: [prompt_injection], action: allow}
          - {name: all-fine, action: allow}
        """;
    assertThat(layers(TENANT, route).conflicts())
        .contains(
            "route has a rule injections, which tenant has locked: that one stays, this one is left"
                + " out");
    assertThat(program(TENANT, route).decide(CHAT.question(injection(0.9))).decision().rule())
        .isEqualTo("tenant/injections");
  }

  @Test
  void norCanItsThresholdsAndExceptionsTakeFromALockedRuleWhatItSees() {
    String route =
        """
        metadata: {name: route}
        thresholds: {prompt_injection: 0.99}
        exceptions:
          - {name: all, owner: somebody, expires: 2030-01-01, findings: [prompt_injection]}
        """;
    assertThat(program(TENANT, route).decide(CHAT.question(injection(0.9))).decision().action())
        .isEqualTo(Action.BLOCK);
    String unlocked = TENANT.replace(", locked: true", "");
    assertThat(program(unlocked, route).decide(CHAT.question(injection(0.9))).decision().action())
        .isEqualTo(Action.ALLOW);
  }

  @Test
  void rulesOfANearerLayerAreReadFirstAndReplaceThoseOfTheirName() {
    String route =
        """
        metadata: {name: route}
        rules:
          - {name: own, findings: {groups: [leak]}, action: flag}
          - {name: jailbreaks, findings: [jailbreak], action: flag}
        """;
    Layers layers = layers(TENANT, route);
    assertThat(layers.effective().rules())
        .extracting(each -> each.policy() + "/" + each.what().name())
        .containsExactly("tenant/injections", "route/own", "route/jailbreaks");
    assertThat(layers.conflicts()).containsExactly("route replaces rule jailbreaks of tenant");
  }

  @Test
  void settingsOfTheNearestHoldAndEveryChangeIsTold() {
    String route =
        """
        metadata: {name: route}
        mode: observe
        block_style: refusal
        thresholds: {prompt_injection: 0.7}
        """;
    assertThat(layers(TENANT, route).conflicts())
        .containsExactly(
            "route sets mode to observe; tenant has enforce",
            "route sets block_style to refusal; tenant has error",
            "route sets thresholds.prompt_injection to 0.7; tenant has 0.5");
  }

  @Test
  void whatAFartherLayerDeniesStaysDenied() {
    String route = "metadata: {name: route}\nmodels: {allow: [gpt-3, gpt-4o-mini], action: block}";
    PolicyProgram program = program(TENANT, route);
    assertThat(model(program, "gpt-3")).isEqualTo("tenant/models");
    assertThat(model(program, "o3")).isEqualTo("route/models");
    assertThat(model(program, "gpt-4o-mini")).isEqualTo("default/allow");
    assertThat(layers(TENANT, route).conflicts())
        .containsExactly("route has a list of models, as tenant has: both must allow");
  }

  private static String model(PolicyProgram program, String model) {
    return program.decide(CHAT.with(model, List.of()).question()).decision().rule();
  }

  @Test
  void aLayerIsThereOnlyForWhatItMatches() {
    PolicyStack stack =
        PolicyStack.of(
            List.of(
                policy(TENANT),
                policy(
                    "metadata: {name: minis}\nmatch: {models: ['*-mini']}\nrules: [{name: no, action: block}]")));
    assertThat(stack.program(CHAT).decide(CHAT.question()).decision().rule()).isEqualTo("minis/no");
    Asked large = CHAT.with("gpt-4o", List.of());
    assertThat(stack.program(large).decide(large.question()).decision().rule())
        .isEqualTo("default/allow");
    assertThat(stack.program(large)).isSameAs(stack.program(large));
  }

  @Test
  void whoSendsWhatCannotBeReadDoesNotChooseTheMilderPolicy() {
    PolicyStack stack =
        PolicyStack.of(
            List.of(
                policy("metadata: {name: all}\nmode: enforce\non_uninspectable: block"),
                policy(
                    "metadata: {name: mild}\nmatch: {models: [internal-*]}\nmode: observe\n"
                        + "on_uninspectable: pass")));
    Asked unread = CHAT.coverage("uninspected");
    assertThat(stack.program(unread).name()).isEqualTo("all");
    PolicyStack strictNearer =
        PolicyStack.of(
            List.of(
                policy("metadata: {name: all}\nmode: observe"),
                policy(
                    "metadata: {name: strict}\nmatch: {models: [o3]}\nmode: enforce\n"
                        + "on_uninspectable: block")));
    assertThat(strictNearer.program(unread).name()).isEqualTo("strict");
  }
}
