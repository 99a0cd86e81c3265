package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.outbound.Signature;
import io.llmtrace.runtime.config.ChannelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes channels of their configuration. */
public final class Channels {
  private Channels() {}

  /**
   * What is wrong with a channel's configuration beyond what its reader sees: addresses, secrets,
   * templates. One line each, with the key, what is wrong and what would be right; without
   * credentials. Empty where {@link #of} succeeds.
   */
  public static List<String> problems(ChannelConfig config) {
    List<String> problems = new ArrayList<>();
    if (config instanceof ChannelConfig.SlackWebhook slack) {
      Target.problem("webhook_url", slack.url()).ifPresent(problems::add);
    } else if (config instanceof ChannelConfig.SlackApp slack) {
      Target.problem("api", slack.api()).ifPresent(problems::add);
      if (!slack.token().reveal().matches("[\\x21-\\x7e]+")) {
        problems.add("token: holds spaces or other than ASCII; expected xoxb-…");
      }
      if (slack.channel().isBlank()) {
        problems.add("channel: is empty; expected a name such as #alerts or an id such as C0123");
      }
    } else if (config instanceof ChannelConfig.PagerDuty pagerDuty) {
      Target.problem("events", pagerDuty.events()).ifPresent(problems::add);
      if (!pagerDuty.routingKey().reveal().matches("[\\x21-\\x7e]+")) {
        problems.add(
            "routing_key: holds spaces or other than ASCII; expected the integration key of Events"
                + " API v2");
      }
    } else if (config instanceof ChannelConfig.Webhook webhook) {
      Target.problem("url", webhook.url()).ifPresent(problems::add);
      Optional.ofNullable(webhook.secret()).flatMap(Signature::problem).ifPresent(problems::add);
      Optional.ofNullable(webhook.template())
          .flatMap(Channels::templateProblem)
          .ifPresent(problems::add);
    } else if (config instanceof ChannelConfig.Alertmanager alertmanager) {
      Target.problem("url", alertmanager.url()).ifPresent(problems::add);
    } else if (config instanceof ChannelConfig.Teams teams) {
      Target.problem("webhook_url", teams.url()).ifPresent(problems::add);
    } else if (config instanceof ChannelConfig.Email email) {
      problems.addAll(EmailChannel.problems(email));
    }
    return problems;
  }

  private static Optional<String> templateProblem(String template) {
    try {
      Template.parse(template);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /**
   * The channel.
   *
   * @throws IllegalArgumentException with the {@link #problems} where there are any
   */
  public static Channel of(ChannelConfig config) {
    List<String> problems = problems(config);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "channel " + config.common().name() + ": " + String.join("; ", problems));
    }
    if (config instanceof ChannelConfig.SlackWebhook slack) {
      return new SlackWebhookChannel(slack);
    } else if (config instanceof ChannelConfig.SlackApp slack) {
      return new SlackAppChannel(slack);
    } else if (config instanceof ChannelConfig.PagerDuty pagerDuty) {
      return new PagerDutyChannel(pagerDuty);
    } else if (config instanceof ChannelConfig.Webhook webhook) {
      return new WebhookChannel(webhook);
    } else if (config instanceof ChannelConfig.Alertmanager alertmanager) {
      return new AlertmanagerChannel(alertmanager);
    } else if (config instanceof ChannelConfig.Teams teams) {
      return new TeamsChannel(teams);
    } else if (config instanceof ChannelConfig.Email email) {
      return new EmailChannel(email);
    }
    throw new IllegalStateException("a kind of channel that nobody makes: " + config.type());
  }
}
