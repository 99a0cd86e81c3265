package io.llmtrace.policies.expression;

import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is known of an exchange when it is decided about. Of an exchange of the past some of it may
 * not be known: asking for that throws {@link UnknownFactException}.
 */
public interface Facts {
  String tenant();

  /** The gateway's consumer; empty where there is none. */
  String consumer();

  /** The agent; empty where it is not known. */
  String agent();

  /** The gateway's route id. */
  String route();

  String provider();

  /** As the client named it. */
  String model();

  /** Label of the API, such as {@code openai_chat}. */
  String dialect();

  /** HTTP method. */
  String method();

  /** Path without query. */
  String path();

  /** Whether a streamed answer was asked for. */
  boolean stream();

  /** Names of the tools that are offered to the model. */
  List<String> tools();

  /** Request headers by lower-case name, without those that carry credentials. */
  Map<String, String> headers();

  /** Zones that have text. */
  Set<Zone> zones();

  /** Texts in the request. */
  int segments();

  /** Bytes of the body. */
  long bytes();

  /** Most tokens of the answer; negative where the request sets none. */
  long maxTokens();

  /** Parts that hold no text that could be read, such as images. */
  int uninspectedParts();

  /** {@code inspected}, {@code partial} or {@code uninspected}. */
  String coverage();

  /**
   * Whether model, tools and zones are surely those of the request: not where it could not be read,
   * or reads otherwise elsewhere.
   */
  default boolean certain() {
    return !coverage().equals("uninspected");
  }

  /** Whether the request's protocol names a model; lists of models say nothing of others. */
  default boolean namesModel() {
    return true;
  }

  /** Epoch milliseconds. */
  long at();
}
