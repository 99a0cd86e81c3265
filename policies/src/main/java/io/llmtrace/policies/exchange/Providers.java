package io.llmtrace.policies.exchange;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Who offers an API, by host: many speak OpenAI's. The labels are few, as metrics need them. */
final class Providers {
  private static final Map<String, String> BY_DOMAIN =
      Map.ofEntries(
          Map.entry("openai.com", "openai"),
          Map.entry("openai.azure.com", "azure_openai"),
          Map.entry("services.ai.azure.com", "azure_openai"),
          Map.entry("anthropic.com", "anthropic"),
          Map.entry("mistral.ai", "mistral"),
          Map.entry("groq.com", "groq"),
          Map.entry("together.xyz", "together"),
          Map.entry("together.ai", "together"),
          Map.entry("openrouter.ai", "openrouter"),
          Map.entry("deepseek.com", "deepseek"),
          Map.entry("fireworks.ai", "fireworks"),
          Map.entry("x.ai", "xai"),
          Map.entry("perplexity.ai", "perplexity"),
          Map.entry("cerebras.ai", "cerebras"),
          Map.entry("sambanova.ai", "sambanova"),
          Map.entry("deepinfra.com", "deepinfra"),
          Map.entry("nvidia.com", "nvidia"),
          Map.entry("cohere.com", "cohere"),
          Map.entry("cohere.ai", "cohere"),
          Map.entry("huggingface.co", "huggingface"),
          Map.entry("generativelanguage.googleapis.com", "gemini"),
          Map.entry("aiplatform.googleapis.com", "vertex_ai"),
          Map.entry("amazonaws.com", "bedrock"),
          Map.entry("dashscope.aliyuncs.com", "alibaba"),
          Map.entry("dashscope-intl.aliyuncs.com", "alibaba"),
          Map.entry("moonshot.cn", "moonshot"),
          Map.entry("moonshot.ai", "moonshot"),
          Map.entry("bigmodel.cn", "zhipu"));

  private Providers() {}

  /** Every label that {@link #of} may give. */
  static Set<String> labels() {
    Set<String> labels = new TreeSet<>(BY_DOMAIN.values());
    for (Dialect dialect : Dialect.values()) {
      labels.add(dialect.provider());
    }
    return labels;
  }

  static String of(Dialect dialect, RequestHead head) {
    String byHost = byHost(head.host());
    if (!byHost.isEmpty()) {
      return byHost;
    }
    String byFormat = dialect.format().provider(head);
    return byFormat.isEmpty() ? dialect.provider() : byFormat;
  }

  private static String byHost(String host) {
    // Google's regional hosts: europe-west4-aiplatform.googleapis.com.
    if (host.endsWith("-aiplatform.googleapis.com")) {
      return "vertex_ai";
    }
    String domain = host;
    while (!domain.isEmpty()) {
      String provider = BY_DOMAIN.get(domain);
      if (provider != null) {
        return provider;
      }
      int dot = domain.indexOf('.');
      domain = dot < 0 ? "" : domain.substring(dot + 1);
    }
    return "";
  }
}
