package io.llmtrace.controlplane.otlp;

import io.llmtrace.policies.exchange.Dialects;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Providers as spans name them, by the names that our metrics and prices have. Stateless. */
final class Providers {
  /** What gateways call them, and servers of models whose spans say what they are. */
  private static final Set<String> KNOWN =
      Stream.concat(Dialects.providers().stream(), Stream.of("vllm", "sglang"))
          .collect(Collectors.toUnmodifiableSet());

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
      // A label of metrics: whoever sends spans could invent names until there is room for none.
      default -> KNOWN.contains(name) ? name : "other";
    };
  }
}
