package io.llmtrace.testkit.provider;

import java.util.List;
import java.util.Optional;

/**
 * What a model says, in any dialect: words, or the call of a tool instead of them.
 *
 * @param words a token each
 */
record Reply(List<String> words, Optional<ToolCall> call) {
  /**
   * A call.
   *
   * @param name the tool
   * @param arguments JSON, in the pieces in which it is streamed
   */
  record ToolCall(String name, List<String> arguments) {
    String json() {
      return String.join("", arguments);
    }
  }

  static Reply of(List<String> words) {
    return new Reply(words, Optional.empty());
  }

  static Reply calling(String tool) {
    return new Reply(
        List.of(), Optional.of(new ToolCall(tool, List.of("{\"city\"", ":\"Porto", "\"}"))));
  }

  String text() {
    return String.join("", words);
  }

  /** Tokens, as many as pieces. */
  int tokens() {
    return call.map(tool -> tool.arguments().size()).orElse(words.size());
  }
}
