package io.llmtrace.controlplane.semconv;

import io.llmtrace.policies.exchange.Dialects;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Providers by the labels that our metrics and prices have, and by their names in the semantic
 * conventions of generative AI (opentelemetry.io/docs/specs/semconv/gen-ai). Stateless.
 */
public final class ProviderNames {
  /**
   * A provider whose names differ; each other one has one name.
   *
   * @param label ours
   * @param system its {@code gen_ai.system}, until 1.36
   * @param name its {@code gen_ai.provider.name}, from 1.37 on
   * @param met what else libraries call it
   */
  private record Names(String label, String system, String name, Set<String> met) {}

  private static final List<Names> DIFFERENT =
      List.of(
          new Names("azure_openai", "az.ai.openai", "azure.ai.openai", Set.of("azure.openai")),
          new Names("bedrock", "aws.bedrock", "aws.bedrock", Set.of("aws_bedrock")),
          new Names("gemini", "gcp.gemini", "gcp.gemini", Set.of("gcp.gen_ai", "google")),
          new Names("vertex_ai", "gcp.vertex_ai", "gcp.vertex_ai", Set.of("google_vertex")),
          new Names("mistral", "mistral_ai", "mistral_ai", Set.of("mistralai")),
          new Names("xai", "xai", "x_ai", Set.of()));

  private static final Map<String, Names> BY_LABEL =
      DIFFERENT.stream().collect(Collectors.toUnmodifiableMap(Names::label, names -> names));

  private static final Map<String, String> LABELS = labels();

  private ProviderNames() {}

  private static Map<String, String> labels() {
    Map<String, String> labels = new HashMap<>();
    // What gateways call them, and servers of models whose spans say what they are.
    Stream.concat(Dialects.providers().stream(), Stream.of("vllm", "sglang"))
        .forEach(label -> labels.put(label, label));
    for (Names each : DIFFERENT) {
      labels.put(each.system(), each.label());
      labels.put(each.name(), each.label());
      each.met().forEach(name -> labels.put(name, each.label()));
    }
    return Map.copyOf(labels);
  }

  /** Ours, of a name that a span has in any case: {@code unknown} for none. */
  public static String label(String name) {
    // A label of metrics: whoever sends spans could invent names until there is room for none.
    return name.isEmpty() ? "unknown" : LABELS.getOrDefault(name.toLowerCase(Locale.ROOT), "other");
  }

  /** Its {@code gen_ai.provider.name}. */
  public static String name(String label) {
    Names names = BY_LABEL.get(label);
    return names == null ? label : names.name();
  }

  /** Its {@code gen_ai.system}, which 1.36 and before have in place of a name. */
  public static String system(String label) {
    Names names = BY_LABEL.get(label);
    return names == null ? label : names.system();
  }
}
