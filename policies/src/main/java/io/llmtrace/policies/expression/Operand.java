package io.llmtrace.policies.expression;

import java.util.List;

/**
 * A part of a condition with what it came to, for explanations. Immutable.
 *
 * @param text the part in CEL
 * @param outcome what it came to
 * @param error why it could not be evaluated; empty where it could
 * @param values what it used
 * @param parts of a loop over findings or tools: the parts of its condition, for the element that
 *     came nearest to it; else empty
 */
public record Operand(
    String text, Outcome outcome, String error, List<Value> values, List<Operand> parts) {
  public Operand {
    values = List.copyOf(values);
    parts = List.copyOf(parts);
  }

  /**
   * What a variable, a field or a header was.
   *
   * @param name as the condition writes it, such as {@code f.confidence}
   * @param value as text, cut where it is long
   */
  public record Value(String name, String value) {}
}
