package io.llmtrace.policies.redact;

import java.util.Locale;
import java.util.Map;

/** What came of the wish to redact a body. Immutable. */
public sealed interface Redaction {

  /**
   * Every span has been replaced.
   *
   * @param body the new body, without a content encoding; not copied
   * @param count places that were replaced
   * @param values what each placeholder stands for, as the innermost reader would read it; it is
   *     what must not be shown
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Redacted(byte[] body, int count, Map<String, String> values) implements Redaction {
    public Redacted {
      values = Map.copyOf(values);
    }

    @Override
    public String toString() {
      return "Redacted[" + body.length + " bytes, " + count + " places]";
    }
  }

  /** It cannot be done safely; who was asked to redact must not let the body through. */
  record Refused(Reason reason) implements Redaction {}

  /** Why not. */
  enum Reason {
    /** A finding speaks of the whole, and points at nothing. */
    NO_SPAN,
    /** The text of a finding does not stand in the body as it was read. */
    NOT_LOCATED,
    /** The body is not valid UTF-8. */
    ENCODING,
    /** The body begins as JSON does and is none, so who knows what its reader will make of it. */
    UNPARSABLE,
    /** The new body is longer than may be sent. */
    TOO_LARGE,
    /** There was no time. */
    BUDGET,
    /** Nobody tried: the inspection failed, or the host cannot change a body. */
    NOT_DONE;

    /** For records, logs and block answers, for example {@code not_located}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
