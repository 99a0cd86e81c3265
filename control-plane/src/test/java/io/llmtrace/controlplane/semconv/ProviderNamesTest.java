package io.llmtrace.controlplane.semconv;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Dialects;
import org.junit.jupiter.api.Test;

class ProviderNamesTest {
  @Test
  void whatAGatewayWouldCallItIsCalledSo() {
    assertThat(Dialects.providers()).contains("openai", "together", "ollama", "bedrock");
    assertThat(Dialects.providers()).allMatch(label -> ProviderNames.label(label).equals(label));
    assertThat(ProviderNames.label("OpenAI")).isEqualTo("openai");
    assertThat(ProviderNames.label("az.ai.openai")).isEqualTo("azure_openai");
    assertThat(ProviderNames.label("google")).isEqualTo("gemini");
    assertThat(ProviderNames.label("vllm")).isEqualTo("vllm");
  }

  @Test
  void whatWeTellOfAProviderWeWouldReadAsTheSame() {
    assertThat(Dialects.providers())
        .allSatisfy(
            label -> {
              assertThat(ProviderNames.label(ProviderNames.name(label))).isEqualTo(label);
              assertThat(ProviderNames.label(ProviderNames.system(label))).isEqualTo(label);
            });
    assertThat(ProviderNames.name("xai")).isEqualTo("x_ai");
    assertThat(ProviderNames.system("xai")).isEqualTo("xai");
    assertThat(ProviderNames.name("openai")).isEqualTo("openai");
  }

  @Test
  void namesThatSomebodyInventedShareOne() {
    assertThat(ProviderNames.label("my-own-model-server")).isEqualTo("other");
    assertThat(ProviderNames.label("")).isEqualTo("unknown");
  }
}
