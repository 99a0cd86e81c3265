package io.llmtrace.controlplane.alerts.channels;

import java.net.URI;
import java.util.Map;

/**
 * A POST of JSON.
 *
 * @param target may be a credential, as the addresses of incoming webhooks are; {@link #toString()}
 *     leaves it out
 * @param headers to be sent, {@code Content-Type} among them; their values may be credentials
 * @param body UTF-8, not copied: not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // a message on its way, never compared
public record HttpCall(URI target, Map<String, String> headers, byte[] body) implements Outgoing {
  public HttpCall {
    headers = Map.copyOf(headers);
  }

  @Override
  public String toString() {
    return "HttpCall[" + Masks.target(target) + ", " + body.length + " bytes]";
  }
}
