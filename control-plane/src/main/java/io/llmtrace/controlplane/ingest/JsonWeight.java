package io.llmtrace.controlplane.ingest;

/**
 * How much memory what is made of a JSON text takes at least, told from its brackets, commas and
 * colons while it is read: {@code {},} is three bytes and a thousand of them are no three thousand.
 * Of one text, in its order; not thread-safe.
 */
final class JsonWeight {
  /** Bytes of an object, of a list, or of an element of one. */
  static final int VALUE = 48;

  /** Bytes of a name and its value, where the value is none of these. */
  static final int FIELD = 24;

  private boolean inText;
  private boolean escaped;

  /** Bytes that the next piece adds; never fewer than it has. */
  int of(byte[] piece, int count) {
    int opened = 0;
    int commas = 0;
    int colons = 0;
    for (int i = 0; i < count; i++) {
      byte c = piece[i];
      if (inText) {
        if (escaped) {
          escaped = false;
        } else if (c == '\\') {
          escaped = true;
        } else if (c == '"') {
          inText = false;
        }
      } else if (c == '"') {
        inText = true;
      } else if (c == '{' || c == '[') {
        opened++;
      } else if (c == ',') {
        commas++;
      } else if (c == ':') {
        colons++;
      }
    }
    // A comma stands between fields as often as there are colons, else between elements.
    int elements = Math.max(0, commas - colons);
    return Math.max(count, VALUE * (opened + elements) + FIELD * colons);
  }
}
