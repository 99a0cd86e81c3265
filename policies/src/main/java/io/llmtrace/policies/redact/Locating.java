package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.redact.JsonScan.Token;
import io.llmtrace.policies.redact.Targets.Node;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Finds texts in a document by their pointers, in one walk. One for each walk. */
final class Locating {
  private static final int TOKENS_BETWEEN_LOOKS = 1024;

  private final Layer document;
  private final InspectionBudget budget;
  private final BiConsumer<Layer, Targets.Target> sink;
  private final JsonScan scan;
  private int tokens;

  Locating(Layer document, InspectionBudget budget, BiConsumer<Layer, Targets.Target> sink) {
    this.document = document;
    this.budget = budget;
    this.sink = sink;
    this.scan = new JsonScan(document.text());
  }

  /**
   * Walks; false where the document is no JSON.
   *
   * @throws OutOfTimeException if the budget ends
   */
  boolean walk(Node root) {
    return value(next(), root) && next() == Token.END;
  }

  private Token next() {
    if (++tokens % TOKENS_BETWEEN_LOOKS == 0) {
      OutOfTimeException.check(budget);
    }
    return scan.next();
  }

  /** Goes no deeper than {@link JsonScan} does. */
  private boolean value(Token token, @Nullable Node node) {
    if (token == Token.START_OBJECT || token == Token.START_ARRAY) {
      return node == null ? skip() : token == Token.START_OBJECT ? object(node) : array(node);
    }
    if (token == Token.STRING) {
      text(node);
    }
    return token == Token.STRING || token == Token.NUMBER || token == Token.LITERAL;
  }

  private boolean object(Node node) {
    Token token = next();
    while (token == Token.NAME) {
      Layer name = document.inside(scan.from(), scan.to());
      Node child = node.child(name.text());
      if (child != null) {
        text(child);
      }
      if (!value(next(), child)) {
        return false;
      }
      token = next();
    }
    return token == Token.END_OBJECT;
  }

  private boolean array(Node node) {
    int index = 0;
    Token token = next();
    while (token != Token.END_ARRAY) {
      if (!value(token, node.child(Integer.toString(index++)))) {
        return false;
      }
      token = next();
    }
    return true;
  }

  /** The string that was read last may be a text that is wanted here. */
  private void text(@Nullable Node node) {
    if (node == null || !node.hasTargets()) {
      return;
    }
    Layer content = document.inside(scan.from(), scan.to());
    node.target(content.text())
        .ifPresent(
            target -> {
              target.found = true;
              sink.accept(content, target);
            });
  }

  private boolean skip() {
    int outside = scan.depth() - 1;
    Token token = next();
    while (token != Token.BAD && token != Token.END) {
      if (scan.depth() == outside) {
        return true;
      }
      token = next();
    }
    return false;
  }
}
