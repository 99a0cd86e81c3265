package io.llmtrace.controlplane.http;

/** A body without fields: nothing, or an empty object. */
public final class NoFields implements BodyFields {
  @Override
  public void read(JsonBody body) {
    // There is nothing to ask for.
  }
}
