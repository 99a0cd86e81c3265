package io.llmtrace.policies.exchange;

import java.util.List;

/**
 * What a client asks of a model, free of the dialect it was said in. Immutable.
 *
 * @param api what the request is written in
 * @param provider value of the {@code provider} label, for example {@code openai}
 * @param model the model as the client named it; {@code unknown} where it named none
 * @param stream whether the client asked for a streamed answer
 * @param segments the texts, in the order of the body
 * @param tools names of the tools that the client offers to the model
 * @param uninspectedParts parts that hold no text we can read (images, audio, files by reference)
 * @param callId what an answer must repeat, as JSON (the id of a JSON-RPC call); empty for nothing
 * @param maxTokens the most tokens that the request allows its answer; negative where it sets none
 * @param certain whether model and tools are surely what a provider would read: not where the body
 *     is no proper JSON, names a key twice, or names models beside its model
 */
public record Exchange(
    Api api,
    String provider,
    String model,
    boolean stream,
    List<Segment> segments,
    List<String> tools,
    int uninspectedParts,
    String callId,
    long maxTokens,
    boolean certain) {

  /** A tool that has no name. */
  public static final String UNNAMED_TOOL = "(unnamed)";

  /** Stands for tools beyond {@link #MOST_TOOLS}. */
  public static final String MORE_TOOLS = "(more)";

  /** Names of tools that are kept, each once. */
  public static final int MOST_TOOLS = 1_000;

  /** The model's name where the client gave none. */
  public static final String UNKNOWN_MODEL = "unknown";

  public Exchange {
    segments = List.copyOf(segments);
    tools = List.copyOf(tools);
  }

  /** An exchange of a proper body. */
  public Exchange(
      Api api,
      String provider,
      String model,
      boolean stream,
      List<Segment> segments,
      List<String> tools,
      int uninspectedParts,
      String callId,
      long maxTokens) {
    this(api, provider, model, stream, segments, tools, uninspectedParts, callId, maxTokens, true);
  }

  /** An exchange that sets no bound to its answer. */
  public Exchange(
      Api api,
      String provider,
      String model,
      boolean stream,
      List<Segment> segments,
      List<String> tools,
      int uninspectedParts,
      String callId) {
    this(api, provider, model, stream, segments, tools, uninspectedParts, callId, MaxTokens.NONE);
  }

  /** An exchange whose answer repeats nothing. */
  public Exchange(
      Api api,
      String provider,
      String model,
      boolean stream,
      List<Segment> segments,
      List<String> tools,
      int uninspectedParts) {
    this(api, provider, model, stream, segments, tools, uninspectedParts, "");
  }

  /** The API's name on the wire. */
  public Dialect dialect() {
    return api.dialect();
  }
}
