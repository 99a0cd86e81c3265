package io.llmtrace.policies.usage;

import java.util.List;
import java.util.Locale;

/**
 * Models that share a tokenizer. OpenAI publishes its own ({@code tiktoken/model.py} says which
 * model has which); of the others some tokenizers are public, and factors were fitted to those.
 */
enum ModelFamily {
  O200K,
  CL100K,
  CLAUDE,
  LLAMA,
  GEMINI,
  QWEN,
  DEEPSEEK,
  MISTRAL,
  OTHER;

  private static final List<String> O200K_MODELS =
      List.of(
          "gpt-4o",
          "gpt-4.1",
          "gpt-4.5",
          "gpt-5",
          "gpt-oss",
          "chatgpt-4o",
          "o1",
          "o3",
          "o4",
          "codex-",
          "computer-use-");
  private static final List<String> CL100K_MODELS =
      List.of(
          "gpt-4",
          "gpt-3.5",
          "gpt-35",
          "text-embedding-3",
          "text-embedding-ada-002",
          "davinci-002",
          "babbage-002");

  /** The name that a family has in the file of factors. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  boolean isOpenAi() {
    return this == O200K || this == CL100K;
  }

  /** The family that a model's name tells, else the one that the provider is known for. */
  static ModelFamily of(String provider, String model) {
    ModelFamily named = named(bare(model));
    return named != OTHER ? named : ofProvider(provider);
  }

  /** Whether the name itself says that the model has one of OpenAI's tokenizers. */
  static boolean isOpenAiModel(String model) {
    return openAi(bare(model)) != OTHER;
  }

  private static ModelFamily named(String model) {
    ModelFamily openAi = openAi(model);
    if (openAi != OTHER) {
      return openAi;
    }
    if (model.contains("claude")) {
      return CLAUDE;
    }
    if (model.contains("llama")) {
      return LLAMA;
    }
    if (model.contains("gemini") || model.contains("gemma")) {
      return GEMINI;
    }
    if (model.contains("qwen") || model.startsWith("qwq")) {
      return QWEN;
    }
    if (model.contains("deepseek")) {
      return DEEPSEEK;
    }
    return model.contains("stral") ? MISTRAL : OTHER;
  }

  private static ModelFamily openAi(String model) {
    if (startsWithOne(model, O200K_MODELS)) {
      return O200K;
    }
    return startsWithOne(model, CL100K_MODELS) ? CL100K : OTHER;
  }

  private static ModelFamily ofProvider(String provider) {
    return switch (provider) {
      case "openai", "azure_openai" -> O200K;
      case "anthropic" -> CLAUDE;
      case "gemini", "vertex_ai" -> GEMINI;
      case "mistral" -> MISTRAL;
      case "deepseek" -> DEEPSEEK;
      case "alibaba" -> QWEN;
      default -> OTHER;
    };
  }

  /** Without a reseller's path ({@code openai/gpt-4o}) and the mark of a fine-tune. */
  private static String bare(String model) {
    String name = model.substring(model.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    return name.startsWith("ft:") ? name.substring(3) : name;
  }

  private static boolean startsWithOne(String model, List<String> prefixes) {
    for (String prefix : prefixes) {
      // "o1" is a model and the beginning of one, "o1x" is somebody else's.
      if (model.startsWith(prefix)
          && (model.length() == prefix.length()
              || prefix.endsWith("-")
              || !Character.isLetterOrDigit(model.charAt(prefix.length()))
              || prefix.startsWith("gpt-"))) {
        return true;
      }
    }
    return false;
  }
}
