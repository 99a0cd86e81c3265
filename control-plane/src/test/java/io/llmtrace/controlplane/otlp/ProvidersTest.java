package io.llmtrace.controlplane.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Dialects;
import org.junit.jupiter.api.Test;

class ProvidersTest {
  @Test
  void whatAGatewayWouldCallItIsCalledSo() {
    assertThat(Dialects.providers()).contains("openai", "together", "ollama", "bedrock");
    assertThat(Dialects.providers()).allMatch(label -> Providers.label(label).equals(label));
    assertThat(Providers.label("OpenAI")).isEqualTo("openai");
    assertThat(Providers.label("az.ai.openai")).isEqualTo("azure_openai");
    assertThat(Providers.label("vllm")).isEqualTo("vllm");
  }

  @Test
  void namesThatSomebodyInventedShareOne() {
    assertThat(Providers.label("my-own-model-server")).isEqualTo("other");
    assertThat(Providers.label("")).isEqualTo("unknown");
  }
}
