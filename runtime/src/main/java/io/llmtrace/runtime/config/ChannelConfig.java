package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A channel that alerts go through: {@code alerts.slack} and its like, or one of {@code
 * alerts.channels}.
 */
public sealed interface ChannelConfig {

  Common common();

  /** The value of {@code type}. */
  String type();

  /**
   * What all channels have.
   *
   * @param name unique; the type where the configuration names none
   * @param minSeverity less severe incidents are not told
   * @param minSecurityScore 0 to 100: incidents of findings with less confidence are not told
   * @param match label to values, of which an incident has one each; {@code rule} and {@code
   *     tenant} are labels here
   * @param messagesPerMinute more are told together, in one
   * @param resolved whether an end is told
   */
  record Common(
      String name,
      Severity minSeverity,
      int minSecurityScore,
      Map<String, Set<String>> match,
      int messagesPerMinute,
      boolean resolved) {
    /** Of a channel that says no more than its address. */
    public static Common of(String name) {
      return new Common(name, Severity.INFO, 0, Map.of(), 20, true);
    }
  }

  /**
   * An incoming webhook of Slack.
   *
   * @param url a credential
   */
  record SlackWebhook(Common common, Secret url) implements ChannelConfig {
    @Override
    public String type() {
      return "slack";
    }
  }

  /**
   * An app of Slack, which can answer in threads.
   *
   * @param token of its bot
   * @param channel name or id of a channel
   * @param api its Web API, {@code https://slack.com/api} unless told
   */
  record SlackApp(Common common, Secret token, String channel, URI api) implements ChannelConfig {
    @Override
    public String type() {
      return "slack";
    }
  }

  /**
   * Events API v2 of PagerDuty.
   *
   * @param events address of its events, {@code https://events.pagerduty.com} or that of a region
   */
  record PagerDuty(Common common, Secret routingKey, URI events) implements ChannelConfig {
    @Override
    public String type() {
      return "pagerduty";
    }
  }

  /**
   * A webhook of the user's own.
   *
   * @param url may be a credential
   * @param secret what bodies are signed with, {@code whsec_…} or any text; null for no signature
   * @param template JSON with placeholders that is sent instead of the published form, or null
   */
  record Webhook(Common common, Secret url, @Nullable Secret secret, @Nullable String template)
      implements ChannelConfig {
    @Override
    public String type() {
      return "webhook";
    }
  }

  /**
   * An Alertmanager, v2.
   *
   * @param url its address without {@code /api/v2/alerts}
   */
  record Alertmanager(Common common, Secret url) implements ChannelConfig {
    @Override
    public String type() {
      return "alertmanager";
    }
  }

  /** A workflow of Microsoft Teams that takes adaptive cards. */
  record Teams(Common common, Secret url) implements ChannelConfig {
    @Override
    public String type() {
      return "teams";
    }
  }

  /** How mail is secured on its way. */
  enum Tls {
    STARTTLS,
    TLS,
    NONE
  }

  /** Mail by SMTP. */
  record Email(
      Common common,
      String host,
      int port,
      Tls tls,
      @Nullable String user,
      @Nullable Secret password,
      String from,
      List<String> to)
      implements ChannelConfig {
    public Email {
      to = List.copyOf(to);
    }

    @Override
    public String type() {
      return "email";
    }
  }
}
