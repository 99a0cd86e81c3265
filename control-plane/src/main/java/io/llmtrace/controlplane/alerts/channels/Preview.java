package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** A rendered message for people's eyes. */
final class Preview {
  private Preview() {}

  static JsonNode of(Channel channel, Outgoing outgoing) {
    ObjectNode preview = Json.object();
    preview.put("channel", channel.name());
    preview.put("type", channel.type());
    preview.put("destination", channel.destination());
    if (outgoing instanceof HttpCall call) {
      preview.put("method", "POST");
      preview.put("url", Masks.target(call.target()));
      headers(preview, call.headers());
      preview.set("body", body(call.body()));
    } else if (outgoing instanceof Mail mail) {
      preview.put("from", mail.from());
      mail.to().forEach(preview.putArray("to")::add);
      preview.put("subject", mail.subject());
      headers(preview, mail.headers());
      preview.put("text", mail.text());
      preview.put("html", mail.html());
    }
    return preview;
  }

  private static void headers(ObjectNode preview, Map<String, String> headers) {
    ObjectNode shown = preview.putObject("headers");
    new TreeMap<>(headers)
        .forEach(
            (name, value) -> shown.put(name, name.equals("Authorization") ? Masks.MASK : value));
  }

  private static JsonNode body(byte[] body) {
    try {
      JsonNode read = Json.MAPPER.readTree(body);
      // PagerDuty's credential stands in the body.
      if (read instanceof ObjectNode object && object.has("routing_key")) {
        object.put("routing_key", Masks.MASK);
      }
      return read;
    } catch (IOException e) {
      throw new IllegalStateException("every channel renders JSON", e);
    }
  }
}
