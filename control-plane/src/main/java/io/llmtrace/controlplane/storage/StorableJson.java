package io.llmtrace.controlplane.storage;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** JSON that PostgreSQL's {@code jsonb} takes, and text that its {@code text} takes. */
public final class StorableJson {
  // An escape is one only after an even number of backslashes: "\\u0000" in JSON is plain text.
  private static final Pattern NUL = Pattern.compile("(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000");

  private StorableJson() {}

  /**
   * The same JSON with what PostgreSQL refuses replaced: U+0000 by U+FFFD, halves of surrogate
   * pairs by a question mark.
   */
  public static String of(String json) {
    String whole = wellFormed(json);
    return whole.contains("\\u0000") ? NUL.matcher(whole).replaceAll("$1\\\\ufffd") : whole;
  }

  /** Halves of surrogate pairs replaced; the text itself where there are none at all. */
  private static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
      }
    }
    return text;
  }

  /** The same text with U+0000 replaced by U+FFFD, halves of surrogate pairs by a question mark. */
  public static String text(String text) {
    String whole = wellFormed(text);
    return whole.indexOf('\0') < 0 ? whole : whole.replace('\0', '\uFFFD');
  }
}
