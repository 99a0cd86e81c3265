package io.llmtrace.plugin.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.Bundle.Role;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PolicyTableTest {
  private static final Facts FACTS =
      AnswerPolicy.unknown(PolicyTable.BUILT_IN, "acme", "", Caller.of(Dialect.OPENAI_CHAT), 0)
          .facts();

  private static Bundle.Entry entry(
      @Nullable String tenant, String name, Role role, boolean standard) {
    try {
      return new Bundle.Entry(
          tenant,
          name,
          role == Role.SHADOW ? 2 : 1,
          role,
          standard,
          PolicyReader.read(
              "apiVersion: llmtrace.io/v1\nkind: Policy\nmetadata: {name: "
                  + name
                  + "}\nmessages: {block: '"
                  + tenant
                  + " "
                  + name
                  + " "
                  + role
                  + "'}\n"));
    } catch (PolicyProblemsException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static PolicyTable table(Bundle.Entry... entries) {
    return PolicyTable.of(5, new Bundle.Content(List.of(entries)));
  }

  /** The nearest layer, by its message. */
  private static String nearest(PolicyStack stack) {
    return String.valueOf(
        stack.program(FACTS).message(io.llmtrace.policies.language.MessageKind.BLOCK));
  }

  @Test
  void theNearestLayerIsWhatTheRouteNamesThenTheTenantsStandardThenEverybodys() {
    PolicyTable table =
        table(
            entry(null, "standard", Role.ACTIVE, true),
            entry(null, "chat", Role.ACTIVE, false),
            entry("acme", "house", Role.ACTIVE, true),
            entry("acme", "chat", Role.ACTIVE, false));
    assertThat(nearest(table.resolve("acme", "chat").stack())).isEqualTo("acme chat ACTIVE");
    assertThat(nearest(table.resolve("acme", null).stack())).isEqualTo("acme house ACTIVE");
    assertThat(nearest(table.resolve("acme", "other").stack())).isEqualTo("acme house ACTIVE");
    assertThat(nearest(table.resolve("else", "chat").stack())).isEqualTo("null chat ACTIVE");
    assertThat(nearest(table.resolve("else", null).stack())).isEqualTo("null standard ACTIVE");
    assertThat(table.lacks("acme", "other")).isTrue();
    assertThat(table.lacks("acme", "chat")).isFalse();
    assertThat(PolicyTable.BUILT_IN.lacks("acme", "other")).as("nothing is known yet").isFalse();
  }

  @Test
  void aTenantsPolicyIsNobodyElses() {
    PolicyTable table = table(entry("acme", "chat", Role.ACTIVE, true));
    assertThat(table.resolve("else", "chat").stack()).isSameAs(PolicyStack.BUILT_IN);
    assertThat(table.lacks("else", "chat")).isTrue();
  }

  @Test
  void whoInventsTenantsFillsNoMemory() {
    PolicyTable table = table(entry("acme", "chat", Role.ACTIVE, true));
    PolicyTable.InForce one = table.resolve("made-up-1", "made-up-1");
    for (int i = 2; i < 10_000; i++) {
      assertThat(table.resolve("made-up-" + i, "made-up-" + i)).isSameAs(one);
    }
  }

  @Test
  void aCandidateTakesThePlaceOfItsPolicyAndOfNoOther() {
    PolicyTable table =
        table(
            entry(null, "standard", Role.ACTIVE, true),
            entry(null, "standard", Role.SHADOW, true),
            entry("acme", "chat", Role.ACTIVE, false));
    PolicyTable.InForce plain = table.resolve("else", null);
    assertThat(nearest(plain.stack())).isEqualTo("null standard ACTIVE");
    assertThat(plain.shadow().version()).isEqualTo(2);
    assertThat(nearest(plain.shadow().stack())).isEqualTo("null standard SHADOW");
    PolicyTable.InForce chat = table.resolve("acme", "chat");
    assertThat(nearest(chat.stack())).isEqualTo("acme chat ACTIVE");
    assertThat(nearest(chat.shadow().stack())).as("it lies under").isEqualTo("acme chat ACTIVE");
  }

  @Test
  void aCandidateOfAPolicyThatIsNotActiveIsEvaluatedAsIfItWere() {
    PolicyTable standard = table(entry(null, "standard", Role.SHADOW, true));
    assertThat(standard.resolve("acme", null).stack()).isSameAs(PolicyStack.BUILT_IN);
    assertThat(nearest(standard.resolve("acme", null).shadow().stack()))
        .isEqualTo("null standard SHADOW");
    PolicyTable named = table(entry("acme", "chat", Role.SHADOW, false));
    assertThat(named.resolve("acme", null).shadow()).isNull();
    assertThat(nearest(named.resolve("acme", "chat").shadow().stack()))
        .isEqualTo("acme chat SHADOW");
    assertThat(named.resolve("else", "chat").shadow()).isNull();
  }
}
