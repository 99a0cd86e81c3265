package io.llmtrace.testkit.a6;

import java.nio.ByteBuffer;

/**
 * One frame: a type byte, three bytes of big-endian payload length, the payload.
 *
 * @param type 0 error, 1 prepare conf, 2 request call, 3 extra info, 4 response call
 * @param payload the flatbuffer, at most {@link #MAX_PAYLOAD} bytes
 */
public record A6Frame(int type, ByteBuffer payload) {
  public static final int ERROR = 0;
  public static final int PREPARE_CONF = 1;
  public static final int HTTP_REQ_CALL = 2;
  public static final int EXTRA_INFO = 3;
  public static final int HTTP_RESP_CALL = 4;

  /** The length field has three bytes. */
  public static final int MAX_PAYLOAD = (1 << 24) - 1;

  static final int HEADER_BYTES = 4;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException when the payload does not fit in a frame
   */
  public A6Frame {
    if (payload.remaining() > MAX_PAYLOAD) {
      throw new IllegalArgumentException(
          "A6 payload of " + payload.remaining() + " bytes, at most " + MAX_PAYLOAD + " fit");
    }
    payload = payload.slice();
  }

  /** A view with its own position. */
  @Override
  public ByteBuffer payload() {
    return payload.duplicate();
  }

  /** The frame as it goes over the socket. */
  public ByteBuffer encode() {
    int length = payload.remaining();
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + length);
    out.putInt((type << 24) | length).put(payload.duplicate()).flip();
    return out;
  }

  /**
   * Reads exactly one whole frame.
   *
   * @throws IllegalArgumentException when the bytes are shorter or longer than the length field
   *     says
   */
  public static A6Frame decode(ByteBuffer bytes) {
    int header = bytes.remaining() < HEADER_BYTES ? 0 : bytes.getInt(bytes.position());
    int length = header & MAX_PAYLOAD;
    if (bytes.remaining() != HEADER_BYTES + length) {
      throw new IllegalArgumentException("not one whole A6 frame: " + bytes.remaining() + " bytes");
    }
    return new A6Frame(header >>> 24, bytes.slice(bytes.position() + HEADER_BYTES, length));
  }
}
