package io.llmtrace.policies.expression;

/** A tree that cannot be evaluated, and the part of it that is why. */
final class LinkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  // Never serialized; the tree is not of a serializable type.
  private final transient Expression at;
  private final String suggestion;

  LinkException(Expression at, String message, String suggestion) {
    super(message);
    this.at = at;
    this.suggestion = suggestion;
  }

  Expression at() {
    return at;
  }

  String reason() {
    return String.valueOf(getMessage());
  }

  /** What would be right; may be empty. */
  String suggestion() {
    return suggestion;
  }
}
