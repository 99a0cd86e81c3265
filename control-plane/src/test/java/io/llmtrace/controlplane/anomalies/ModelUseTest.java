package io.llmtrace.controlplane.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ModelUseTest {
  private static ModelUse use(long since, Long before, long first, long requests) {
    return new ModelUse("acme", "openai", "gpt-4o", since, before, first, requests);
  }

  @Test
  void aModelIsUnusualForATenantThatIsKnown() {
    assertThat(use(0, null, 14 * 24, 3).isUnusual()).isTrue();
    assertThat(use(0, null, 14 * 24 - 1, 3).isUnusual()).as("two weeks are not over").isFalse();
    assertThat(use(0, 5L, 14 * 24, 3).isUnusual()).as("was used before").isFalse();
    assertThat(use(0, null, 14 * 24, 2).isUnusual()).as("somebody tries").isFalse();
  }
}
