package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.runtime.config.ChannelConfig;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * An incoming webhook of Slack. It answers {@code ok}, or a word with 400, 403, 404 or 410
 * (api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks).
 */
final class SlackWebhookChannel implements Channel {
  // Services that take Slack's messages answer in JSON.
  private static final Pattern OK =
      Pattern.compile("\\s*(ok|\\{[^}]*\"(ok|success)\"\\s*:\\s*true.*)\\s*", Pattern.DOTALL);

  private final ChannelConfig.SlackWebhook config;
  private final Target target;

  SlackWebhookChannel(ChannelConfig.SlackWebhook config) {
    this.config = config;
    this.target = Target.of(config.url());
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
    return target.toString();
  }

  @Override
  public Outgoing render(Notice notice, Context context) {
    return target.post(Json.bytes(SlackMessage.of(Told.of(notice))));
  }

  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    Verdict verdict = Answers.byStatus("Slack", status, headers, bodyStart, List.of(config.url()));
    if (verdict instanceof Verdict.Delivered
        && !OK.matcher(new String(bodyStart, UTF_8)).matches()) {
      // Something between here and Slack answered.
      return Answers.retry(
          Answers.reason("Slack", status, bodyStart, List.of(config.url())) + " (expected: ok)",
          headers);
    }
    return verdict;
  }
}
