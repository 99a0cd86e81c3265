package io.llmtrace.controlplane.otlp;

import java.util.Locale;

/** Providers as spans name them, by the names that our metrics and prices have. Stateless. */
final class Providers {
  private Providers() {}

  static String label(String provider) {
    String name = provider.toLowerCase(Locale.ROOT);
    return switch (name) {
      case "" -> "unknown";
      case "azure.ai.openai", "az.ai.openai", "azure.openai" -> "azure_openai";
      case "aws.bedrock", "aws_bedrock" -> "bedrock";
      case "gcp.gemini", "gcp.gen_ai", "google" -> "gemini";
      case "gcp.vertex_ai", "google_vertex" -> "vertex_ai";
      case "mistral_ai", "mistralai" -> "mistral";
      case "x_ai" -> "xai";
      case "openai",
          "anthropic",
          "azure_openai",
          "bedrock",
          "gemini",
          "vertex_ai",
          "cohere",
          "mistral",
          "ollama",
          "groq",
          "deepseek",
          "perplexity",
          "xai",
          "vllm",
          "sglang",
          "tgi" ->
          name;
      // A label of metrics: whoever sends spans could invent names until there is room for none.
      default -> "other";
    };
  }
}
