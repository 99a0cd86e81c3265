package io.llmtrace.policies.usage;

/**
 * A number of tokens.
 *
 * @param tokens how many, not negative
 * @param source how that is known
 */
public record TokenCount(long tokens, UsageSource source) {
  static final TokenCount NONE = new TokenCount(0, UsageSource.COUNTED);

  /** Both together, known as well as the one that is known less well. */
  public TokenCount plus(TokenCount other) {
    return new TokenCount(tokens + other.tokens, lessSure(source, other.source));
  }

  static UsageSource lessSure(UsageSource one, UsageSource other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
