package io.llmtrace.runtime.config;

/**
 * {@code plugin.capture}: bounds of what routes may ask to be kept of their content.
 *
 * @param allowFull whether a route may ask for texts as they are; otherwise they are redacted
 * @param maxBytesInMemory content that waits to be sent, bytes; what is more is dropped and counted
 */
public record CaptureConfig(boolean allowFull, long maxBytesInMemory) {
  public static CaptureConfig defaults() {
    return new CaptureConfig(false, 16L << 20);
  }
}
