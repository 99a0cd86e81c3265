package io.llmtrace.policies.detect.signatures;

import java.util.List;

/** A signature pack that cannot be used, with every problem it has. */
public final class PackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public PackException(String pack, List<String> problems) {
    super(pack + ": " + String.join("; ", problems));
  }
}
