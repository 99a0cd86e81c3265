package io.llmtrace.runtime.config;

import org.jspecify.annotations.Nullable;

/**
 * {@code alerts}: the channels that are configured. Each address is itself a credential, so all are
 * secrets; an absent channel is {@code null}.
 */
public record AlertsConfig(
    @Nullable Secret slackWebhookUrl,
    @Nullable Secret pagerdutyRoutingKey,
    @Nullable Secret webhookUrl) {

  public static AlertsConfig none() {
    return new AlertsConfig(null, null, null);
  }
}
