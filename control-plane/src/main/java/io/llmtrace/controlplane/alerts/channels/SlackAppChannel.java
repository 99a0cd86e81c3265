package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An app of Slack, by {@code chat.postMessage} (docs.slack.dev/reference/methods/chat.postMessage).
 * What follows an incident's first message goes into its thread; what somebody has to see is shown
 * in the channel too. Errors come with a status of 200.
 */
final class SlackAppChannel implements Channel {
  private static final Set<String> PASSING =
      Set.of(
          "ratelimited",
          "rate_limited",
          "message_limit_exceeded",
          "internal_error",
          "fatal_error",
          "service_unavailable",
          "request_timeout",
          "team_added_to_org");

  private final ChannelConfig.SlackApp config;
  private final Target target;

  SlackAppChannel(ChannelConfig.SlackApp config) {
    this.config = config;
    this.target =
        Target.of(config.api())
            .resolve("/chat.postMessage")
            .with("Authorization", "Bearer " + config.token().reveal());
  }

  @Override
  public String name() {
    return config.common().name();
  }

  @Override
  public String type() {
    return config.type();
  }

  @Override
  public String destination() {
    return config.channel() + " by " + target;
  }

  @Override
  public Outgoing render(Notice notice, Context context) {
    Told told = Told.of(notice);
    ObjectNode message = SlackMessage.of(told);
    message.put("channel", config.channel());
    message.put("unfurl_links", false).put("unfurl_media", false);
    ObjectNode metadata = message.putObject("metadata").put("event_type", "llmtrace_alert");
    metadata
        .putObject("event_payload")
        .put("id", told.id())
        .put("incident", told.incident())
        .put("kind", told.kind().label());
    context
        .thread()
        .ifPresent(
            thread -> {
              message.put("thread_ts", thread);
              if (toBeSeen(told.kind())) {
                message.put("reply_broadcast", true);
              }
            });
    return target.post(Json.bytes(message));
  }

  private static boolean toBeSeen(Kind kind) {
    return kind != Kind.ACKNOWLEDGED && kind != Kind.COMMENTED;
  }

  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    List<Secret> secrets = List.of(config.token());
    if (status < 200 || status >= 300) {
      return Answers.byStatus("Slack", status, headers, bodyStart, secrets);
    }
    Map<String, String> answer = Answers.topLevel(bodyStart);
    if ("true".equals(answer.get("ok"))) {
      return new Verdict.Delivered();
    }
    String error = answer.get("error");
    if (error == null) {
      return Answers.retry(Answers.reason("Slack", status, bodyStart, secrets), headers);
    }
    String reason = "Slack answered: " + Texts.line(error, 100);
    return PASSING.contains(error) ? Answers.retry(reason, headers) : new Verdict.Hopeless(reason);
  }

  /** The {@code ts} of the message: what {@code thread_ts} of its replies has to be. */
  @Override
  public Optional<String> reference(byte[] bodyStart) {
    return Optional.ofNullable(Answers.topLevel(bodyStart).get("ts"))
        .filter(ts -> ts.matches("\\d{1,12}\\.\\d{1,9}"));
  }
}
