package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The API shape that a request is written in, which is also the shape that a refusal must have. The
 * order of the constants is the order in which they are asked whether a request is theirs: a longer
 * path before one that it ends with.
 */
public enum Dialect implements Api {
  /** {@code /v1/chat/completions}, of OpenAI and of all who speak it. */
  OPENAI_CHAT("openai", OpenAiChat.chat()),
  /** {@code /v1/responses}. */
  OPENAI_RESPONSES("openai", new OpenAiResponses()),
  /** {@code /v1/completions}, the legacy one. */
  OPENAI_COMPLETIONS("openai", OpenAiChat.completions()),
  /** Ollama's {@code /api/chat}. */
  OLLAMA_CHAT("ollama", Ollama.chat()),
  /** Ollama's {@code /api/generate}, {@code /api/embed} and {@code /api/embeddings}. */
  OLLAMA_GENERATE("ollama", Ollama.generate()),
  /** {@code /v1/embeddings}. */
  OPENAI_EMBEDDINGS("openai", OpenAiInput.embeddings()),
  /** {@code /v1/moderations}. */
  OPENAI_MODERATIONS("openai", OpenAiInput.moderations()),
  /** {@code /v1/realtime}: not inspected. */
  OPENAI_REALTIME("openai", new OpenAiInput.Realtime()),
  /** {@code /v1/messages/count_tokens}. */
  ANTHROPIC_COUNT_TOKENS("anthropic", AnthropicMessages.countTokens()),
  /** Google's {@code …:generateContent} and {@code …:streamGenerateContent}. */
  GEMINI("gemini", new Gemini()),
  /** Amazon Bedrock's {@code /model/…/converse} and {@code …/converse-stream}. */
  BEDROCK_CONVERSE("bedrock", new BedrockConverse()),
  /** Amazon Bedrock's {@code /model/…/invoke} and {@code …/invoke-with-response-stream}. */
  BEDROCK_INVOKE("bedrock", new BedrockInvoke()),
  /** Cohere's {@code /v2/chat}. */
  COHERE_CHAT("cohere", new CohereChat()),
  /** {@code /generate} and {@code /generate_stream} of model servers. */
  TEXT_GENERATION("tgi", new TextGeneration()),
  /** {@code /v1/messages}. */
  ANTHROPIC_MESSAGES("anthropic", AnthropicMessages.messages()),
  /** The Model Context Protocol over HTTP. */
  MCP("mcp", new McpMessages()),
  /**
   * An API that a mapping describes ({@link MappedDialect}); on the wire alone: no route can ask
   * for it.
   */
  MAPPED("unknown", PlainBody.json()),
  /** Any other text. */
  TEXT("unknown", PlainBody.text()),
  /** Any other JSON document: every string in it is a segment. */
  GENERIC_JSON("unknown", PlainBody.json());

  private final String label = name().toLowerCase(Locale.ROOT);
  private final String provider;

  // Formats have no state; an interface cannot say so to the checker.
  @SuppressWarnings("ImmutableEnumChecker")
  private final DialectFormat format;

  Dialect(String provider, DialectFormat format) {
    this.provider = provider;
    this.format = format;
  }

  /** The name used on the wire and in route configuration, for example {@code openai_chat}. */
  @Override
  @JsonValue
  public String label() {
    return label;
  }

  /** The value of the {@code provider} label in metrics, where the request names no other. */
  public String provider() {
    return provider;
  }

  @Override
  public Dialect dialect() {
    return this;
  }

  @Override
  public boolean spendsTokens() {
    return switch (this) {
      case OPENAI_CHAT,
          OPENAI_RESPONSES,
          OPENAI_COMPLETIONS,
          OPENAI_EMBEDDINGS,
          OLLAMA_CHAT,
          OLLAMA_GENERATE,
          GEMINI,
          BEDROCK_CONVERSE,
          BEDROCK_INVOKE,
          COHERE_CHAT,
          TEXT_GENERATION,
          ANTHROPIC_MESSAGES,
          MAPPED ->
          true;
      case OPENAI_MODERATIONS, OPENAI_REALTIME, ANTHROPIC_COUNT_TOKENS, MCP, TEXT, GENERIC_JSON ->
          false;
    };
  }

  DialectFormat format() {
    return format;
  }

  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return format.error(status, notice);
  }

  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return format.limited(limited, notice).retrying(limited);
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    return format.refusal(notice);
  }

  /**
   * Reads a wire name.
   *
   * @throws IllegalArgumentException for a name that no dialect has
   */
  @JsonCreator
  public static Dialect of(String label) {
    @Nullable Dialect found = null;
    for (Dialect dialect : values()) {
      found = dialect.label.equals(label) ? dialect : found;
    }
    if (found == null) {
      throw new IllegalArgumentException("unknown dialect '" + label + "'");
    }
    return found;
  }

  /** Whether its requests name a model: tool protocols and what is not known do not. */
  public boolean namesModel() {
    return this != MCP && this != TEXT && this != GENERIC_JSON;
  }
}
