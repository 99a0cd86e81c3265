package io.llmtrace.controlplane.telemetry;

import io.llmtrace.policies.exchange.Dialect;
import io.opentelemetry.api.common.AttributeKey;
import java.util.List;

/**
 * Names and values of the semantic conventions of generative AI
 * (opentelemetry.io/docs/specs/semconv/gen-ai) for what we call by names of ours. Stateless.
 */
final class GenAi {
  static final AttributeKey<String> OPERATION = AttributeKey.stringKey("gen_ai.operation.name");

  /** Until 1.36. */
  static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("gen_ai.system");

  /** From 1.37 on. */
  static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("gen_ai.provider.name");

  static final AttributeKey<String> REQUEST_MODEL = AttributeKey.stringKey("gen_ai.request.model");
  static final AttributeKey<String> RESPONSE_MODEL =
      AttributeKey.stringKey("gen_ai.response.model");
  static final AttributeKey<Long> INPUT_TOKENS = AttributeKey.longKey("gen_ai.usage.input_tokens");
  static final AttributeKey<Long> OUTPUT_TOKENS =
      AttributeKey.longKey("gen_ai.usage.output_tokens");
  static final AttributeKey<List<String>> FINISH_REASONS =
      AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");
  static final AttributeKey<String> CONVERSATION = AttributeKey.stringKey("gen_ai.conversation.id");
  static final AttributeKey<String> TOKEN_TYPE = AttributeKey.stringKey("gen_ai.token.type");
  static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

  static final String TOKEN_USAGE = "gen_ai.client.token.usage";
  static final String DURATION = "gen_ai.client.operation.duration";

  /** Bounds that the conventions advise. */
  static final List<Long> TOKEN_BOUNDS =
      List.of(
          1L,
          4L,
          16L,
          64L,
          256L,
          1_024L,
          4_096L,
          16_384L,
          65_536L,
          262_144L,
          1_048_576L,
          4_194_304L,
          16_777_216L,
          67_108_864L);

  static final List<Double> DURATION_BOUNDS =
      List.of(
          0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);

  private GenAi() {}

  /**
   * What a request of a dialect asks for; the dialect's own name where the conventions have none.
   */
  static String operation(Dialect dialect) {
    return switch (dialect) {
      case OPENAI_CHAT,
          OPENAI_RESPONSES,
          OLLAMA_CHAT,
          ANTHROPIC_MESSAGES,
          BEDROCK_CONVERSE,
          BEDROCK_INVOKE,
          COHERE_CHAT ->
          "chat";
      case OPENAI_COMPLETIONS, OLLAMA_GENERATE, TEXT_GENERATION -> "text_completion";
      case GEMINI -> "generate_content";
      case OPENAI_EMBEDDINGS -> "embeddings";
      case OPENAI_MODERATIONS,
          OPENAI_REALTIME,
          ANTHROPIC_COUNT_TOKENS,
          MCP,
          MAPPED,
          TEXT,
          GENERIC_JSON ->
          dialect.label();
    };
  }
}
