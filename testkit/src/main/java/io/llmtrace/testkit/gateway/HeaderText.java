package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.util.AsciiString;

/**
 * Header values on the wire and as text. The gateway's Lua has bytes; A6 has strings, which are
 * UTF-8. So values are UTF-8 here, and bytes that are not are lost.
 */
final class HeaderText {
  private HeaderText() {}

  /** The text of a value as the codec gives it, a character each byte. */
  static String read(String value) {
    return new String(value.getBytes(ISO_8859_1), UTF_8);
  }

  /** The bytes of a text, as the codec takes them over. */
  static AsciiString write(String text) {
    return new AsciiString(text.getBytes(UTF_8), false);
  }
}
