package io.llmtrace.plugin.gateway;

import org.jspecify.annotations.Nullable;

/**
 * One A6 frame.
 *
 * @param type one of the constants below, or another number that nobody knows
 * @param length bytes of the payload
 * @param payload the flatbuffer, or null where it was let go for want of memory
 * @param lease memory that the payload takes
 */
@SuppressWarnings("ArrayRecordComponent")
record Frame(int type, int length, byte @Nullable [] payload, MemoryBudget.Lease lease) {
  static final int ERROR = 0;
  static final int PREPARE_CONF = 1;
  static final int HTTP_REQ_CALL = 2;
  static final int EXTRA_INFO = 3;
  static final int HTTP_RESP_CALL = 4;

  /** Bytes before each payload: the type, then the length in three bytes, big-endian. */
  static final int HEADER_BYTES = 4;

  /** The longest payload that three bytes can announce. */
  static final int MAX_LENGTH = (1 << 24) - 1;

  static String name(int type) {
    return switch (type) {
      case ERROR -> "error";
      case PREPARE_CONF -> "prepare_conf";
      case HTTP_REQ_CALL -> "http_req_call";
      case EXTRA_INFO -> "extra_info";
      case HTTP_RESP_CALL -> "http_resp_call";
      default -> "unknown";
    };
  }
}
