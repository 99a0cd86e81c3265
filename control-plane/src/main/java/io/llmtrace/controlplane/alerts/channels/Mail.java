package io.llmtrace.controlplane.alerts.channels;

import java.util.List;
import java.util.Map;

/**
 * A mail with a text and an HTML part. Subject and headers hold no line breaks and are of ASCII or
 * of Unicode that the sender has to encode (RFC 2047).
 *
 * @param from an address
 * @param to addresses, at least one
 * @param subject one line
 * @param text the plain part, lines ended by {@code \n}
 * @param html the HTML part
 * @param headers further ones: {@code Message-ID}, {@code Date}, and {@code In-Reply-To} and {@code
 *     References} where it follows another; all ASCII
 */
public record Mail(
    String from,
    List<String> to,
    String subject,
    String text,
    String html,
    Map<String, String> headers)
    implements Outgoing {
  public Mail {
    to = List.copyOf(to);
    headers = Map.copyOf(headers);
  }
}
