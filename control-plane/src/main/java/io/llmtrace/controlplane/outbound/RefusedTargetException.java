package io.llmtrace.controlplane.outbound;

import java.net.UnknownHostException;

/**
 * A target that nothing is sent to. The message says why and names neither host nor address, which
 * may be secrets. It is an unknown host to the HTTP client, which asks for no other kind.
 */
public final class RefusedTargetException extends UnknownHostException {
  private static final long serialVersionUID = 1;

  RefusedTargetException(String reason) {
    super(reason);
  }

  /** Why, without an address. */
  public String reason() {
    String message = getMessage();
    return message == null ? "its target is refused" : message;
  }
}
