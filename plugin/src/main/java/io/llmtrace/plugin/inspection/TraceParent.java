package io.llmtrace.plugin.inspection;

import io.llmtrace.policies.id.Ulid;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code traceparent} header of W3C Trace Context, level 1.
 *
 * @param header the header's value
 * @param traceId 32 lower-case hex digits
 * @param parentSpan 16 lower-case hex digits of the span that sent it, which is the gateway's where
 *     it traces; empty for one that is made here
 */
record TraceParent(String header, String traceId, String parentSpan) {
  static final String HEADER = "traceparent";

  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?");
  private static final String NO_TRACE = "0".repeat(32);
  private static final String NO_SPAN = "0".repeat(16);

  // A trace id has to be unlike others, not secret.
  private static final ThreadLocal<SplittableRandom> RANDOM =
      ThreadLocal.withInitial(SplittableRandom::new);

  /**
   * The header that came, or one that is made. In a made one the exchange itself is the span, so
   * that what the provider traces stands below it.
   *
   * @param decisionId of the exchange, a ULID
   */
  static TraceParent of(@Nullable String header, String decisionId) {
    if (header != null) {
      Matcher m = FORM.matcher(header);
      boolean known = m.matches() && !m.group(1).equals("ff");
      // Version 00 has exactly four fields; a later one may have more.
      if (known
          && !(m.group(1).equals("00") && m.group(4) != null)
          && !m.group(2).equals(NO_TRACE)
          && !m.group(3).equals(NO_SPAN)) {
        return new TraceParent(header, m.group(2), m.group(3));
      }
    }
    SplittableRandom random = RANDOM.get();
    HexFormat hex = HexFormat.of();
    // | 1: all zeros would be invalid.
    String trace = hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong() | 1);
    return new TraceParent("00-" + trace + "-" + Ulid.spanId(decisionId) + "-01", trace, "");
  }

  /** Whether the client or the gateway sent it. */
  boolean honoured() {
    return !parentSpan.isEmpty();
  }
}
