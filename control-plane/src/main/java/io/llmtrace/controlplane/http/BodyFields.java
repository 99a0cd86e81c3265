package io.llmtrace.controlplane.http;

/**
 * Reads the fields of one kind of body, whatever they hold: the very code that an operation reads
 * its body with, so that its document cannot say anything else. Has a constructor without
 * parameters.
 */
@FunctionalInterface
public interface BodyFields {
  /**
   * Asks for every field that there is.
   *
   * @param body empty, and refuses nothing
   */
  void read(JsonBody body);
}
