package io.llmtrace.policies.library;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The ready policies of {@code policies/library}. Stateless, thread-safe. */
public final class PolicyLibrary {
  private static final List<String> NAMES =
      List.of(
          "baseline",
          "strict",
          "customer-chatbot",
          "coding-assistant",
          "rag",
          "agents-mcp",
          "pii-regulated",
          "cost-control");

  private PolicyLibrary() {}

  /** Names, those that people should look at first in front. */
  public static List<String> names() {
    return NAMES;
  }

  /** The text of a policy; empty for a name that is none. */
  public static Optional<String> policy(String name) {
    return NAMES.contains(name) ? Optional.of(text(name + ".yaml")) : Optional.empty();
  }

  /** The text of its tests; empty for a name that is none. */
  public static Optional<String> tests(String name) {
    return NAMES.contains(name) ? Optional.of(text(name + ".test.yaml")) : Optional.empty();
  }

  private static String text(String file) {
    try (InputStream in = PolicyLibrary.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " was not packaged");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
