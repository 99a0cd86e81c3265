package io.llmtrace.policies.expression;

/** What a condition came to. */
public enum Outcome {
  HOLDS,
  HOLDS_NOT,
  /** It could not be evaluated: a header that is not there, an overflow. It does not hold. */
  ERROR
}
