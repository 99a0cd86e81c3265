package io.llmtrace.policies.detect.text;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/** Ways to hide a text, each of which knows where every character of it went. */
enum Encoding {
  BASE64,
  BASE64_UNPADDED,
  BASE32,
  HEX,
  HEX_SPACED,
  HEX_ESCAPED,
  BINARY,
  PERCENT,
  ENTITY_DECIMAL,
  ENTITY_HEX,
  UNICODE_ESCAPE,
  CHAR_CODES;

  /** An encoded text and, for each character of the plain one, where its encoded characters are. */
  static final class Encoded {
    private final String text;
    private final int[] starts;
    private final int[] ends;

    Encoded(String text, int[] starts, int[] ends) {
      this.text = text;
      this.starts = starts;
      this.ends = ends;
    }

    String text() {
      return text;
    }

    int start(int index) {
      return starts[index];
    }

    int end(int index) {
      return ends[index];
    }
  }

  Encoded encode(String plain) {
    return switch (this) {
      case BASE64 -> grouped(plain, 3, 4, Base64.getEncoder().encodeToString(bytes(plain)));
      case BASE64_UNPADDED ->
          grouped(
              plain, 3, 4, Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(plain)));
      case BASE32 -> grouped(plain, 5, 8, base32(bytes(plain)));
      default -> single(plain);
    };
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Encoded grouped(String plain, int bytes, int digits, String encoded) {
    int[] starts = new int[plain.length()];
    int[] ends = new int[plain.length()];
    int length = encoded.indexOf('=') < 0 ? encoded.length() : encoded.indexOf('=');
    for (int i = 0; i < plain.length(); i++) {
      int from = bytes(plain.substring(0, i)).length;
      int to = bytes(plain.substring(0, i + 1)).length;
      starts[i] = from / bytes * digits;
      ends[i] = Math.min(length, ((to - 1) / bytes + 1) * digits);
    }
    return new Encoded(encoded, starts, ends);
  }

  private static String base32(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    int buffer = 0;
    int bits = 0;
    for (byte b : bytes) {
      buffer = (buffer << 8 | (b & 0xFF)) & 0xFFFF;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        out.append("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(buffer >> bits & 31));
      }
    }
    if (bits > 0) {
      out.append("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(buffer << (5 - bits) & 31));
    }
    return out.toString();
  }

  private Encoded single(String plain) {
    StringBuilder out = new StringBuilder();
    int[] starts = new int[plain.length()];
    int[] ends = new int[plain.length()];
    String separator = this == HEX_SPACED || this == BINARY || this == CHAR_CODES ? " " : "";
    for (int i = 0; i < plain.length(); i++) {
      out.append(i > 0 ? separator : "");
      starts[i] = out.length();
      char c = plain.charAt(i);
      if (this == CHAR_CODES || this == ENTITY_DECIMAL || this == ENTITY_HEX) {
        out.append(
            this == CHAR_CODES
                ? Integer.toString(c)
                : this == ENTITY_DECIMAL ? "&#" + (int) c + ";" : "&#x" + hex(c, 1) + ";");
      } else if (this == UNICODE_ESCAPE) {
        out.append("\\u").append(hex(c, 4));
      } else {
        byte[] bytes = bytes(String.valueOf(c));
        for (int k = 0; k < bytes.length; k++) {
          out.append(k > 0 ? separator : "").append(octet(bytes[k] & 0xFF));
        }
      }
      ends[i] = out.length();
    }
    return new Encoded(out.toString(), starts, ends);
  }

  private String octet(int value) {
    return switch (this) {
      case HEX, HEX_SPACED -> hex(value, 2);
      case HEX_ESCAPED -> "\\x" + hex(value, 2);
      case PERCENT -> "%" + hex(value, 2).toUpperCase(Locale.ROOT);
      case BINARY -> String.format("%8s", Integer.toBinaryString(value)).replace(' ', '0');
      default -> throw new IllegalStateException(name() + " has no octets");
    };
  }

  private static String hex(int value, int digits) {
    return String.format(Locale.ROOT, "%0" + digits + "x", value);
  }
}
