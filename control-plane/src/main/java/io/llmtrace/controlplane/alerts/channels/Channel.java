package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.alerts.notice.Notice;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One configured channel: how a notice looks there, and what the service's answers mean. Made by
 * {@link Channels#of}. Immutable and thread-safe; without I/O.
 */
public sealed interface Channel
    permits SlackWebhookChannel,
        SlackAppChannel,
        PagerDutyChannel,
        WebhookChannel,
        AlertmanagerChannel,
        TeamsChannel,
        EmailChannel {

  /** The configured name, unique among the channels. */
  String name();

  /** The value of {@code type}, such as {@code slack}. */
  String type();

  /** Where it goes to, without what may be a credential: for logs and the API. */
  String destination();

  /**
   * The message. The same notice, rendered again, is the same message for the service where it
   * knows such a thing: it has the same idempotency key.
   *
   * <p>Never fails: whatever text a notice holds, the message is within the service's limits.
   */
  Outgoing render(Notice notice, Context context);

  /**
   * What an answer means.
   *
   * @param status of HTTP; for mail the reply code of SMTP, such as 250 or 451
   * @param headers names in any case
   * @param bodyStart the answer's body or its beginning, of which 4 KB are enough; for mail the
   *     reply's text
   */
  Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart);

  /**
   * What joins follow-ups to this message, from the answer to an incident's first one, of which 4
   * KB are enough; empty for services that have no such thing.
   */
  default Optional<String> reference(byte[] bodyStart) {
    return Optional.empty();
  }

  /** The rendered message as readable JSON, with all credentials masked. */
  default JsonNode preview(Notice notice, Context context) {
    return Preview.of(this, render(notice, context));
  }
}
