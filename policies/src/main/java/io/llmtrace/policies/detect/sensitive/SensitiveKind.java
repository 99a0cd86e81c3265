package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;

/**
 * Something that is recognised. Immutable.
 *
 * @param id the rule of a finding, snake_case, for example {@code github_token}
 * @param type {@code SECRET_LEAKAGE} or {@code PII_DETECTED}
 * @param title what people call it
 * @param group what it belongs to, for example {@code cloud} or {@code national id}
 * @param country ISO 3166-1 alpha-2 code of the country that issues it; empty where none does
 * @param onByDefault whether {@link SensitiveSettings#standard()} looks for it
 * @param severity of a finding that is no example and no test value
 * @param context what the words around it mean for it
 * @param check what is checked beyond the form, in a few words
 */
public record SensitiveKind(
    String id,
    FindingType type,
    String title,
    String group,
    String country,
    boolean onByDefault,
    Severity severity,
    Context context,
    String check) {

  /** What the words around a value mean for it. */
  public enum Context {
    /** The form says enough. */
    NOT_READ,
    /** Words raise the confidence. */
    RAISES,
    /** Without a word that names it, it is not reported. */
    REQUIRED
  }

  /** A secret: of no country, and looked for unless it is switched off. */
  static SensitiveKind secret(
      String id, String title, String group, Severity severity, Context context, String check) {
    return new SensitiveKind(
        id, FindingType.SECRET_LEAKAGE, title, group, "", true, severity, context, check);
  }
}
