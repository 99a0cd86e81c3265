package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.ChannelConfig.Common;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AlertsConfigTest {
  private static AlertsConfig read(String yaml) throws ConfigException {
    return read(yaml, ConfigFile.Role.BOTH);
  }

  private static AlertsConfig read(String yaml, ConfigFile.Role role) throws ConfigException {
    return ConfigFile.parse("f.yaml", yaml, Map.of("EMPTY", ""), role).alerts();
  }

  @Test
  void theGuidesBlockIsThreeChannelsThatTellEverything() throws Exception {
    AlertsConfig alerts =
        read(
            """
            alerts:
              slack:
                webhook_url: "https://hooks.slack.com/services/T/B/X"
              pagerduty:
                routing_key: "key"
              webhook:
                url: "https://example.test/hook"
            """);
    assertThat(alerts.channels())
        .extracting(ChannelConfig::common)
        .containsExactly(Common.of("slack"), Common.of("pagerduty"), Common.of("webhook"));
    assertThat(alerts.pacing()).isEqualTo(AlertsConfig.Pacing.defaults());
    assertThat(alerts.evidence()).isEqualTo(AlertsConfig.Evidence.NONE);
  }

  @Test
  void theOlderFormIsOneWebhook() throws Exception {
    AlertsConfig alerts =
        read(
            """
            alerts:
              webhook_url: "https://example.test/hook"
              min_severity: "High"
              min_security_score: 70
              cooldown_seconds: 300
            """);
    assertThat(alerts.channels())
        .singleElement()
        .isInstanceOfSatisfying(
            ChannelConfig.Webhook.class,
            hook -> {
              assertThat(hook.common().minSeverity()).isEqualTo(Severity.HIGH);
              assertThat(hook.common().minSecurityScore()).isEqualTo(70);
            });
    assertThat(alerts.pacing().cooldown()).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void theListHasNamesOfItsOwnAndAnyCaseOfSeverity() throws Exception {
    AlertsConfig alerts =
        read(
            """
            alerts:
              channels:
                - {type: slack, url: "https://hooks.slack.com/services/1", min_severity: MEDIUM}
                - {type: Slack, url: "https://hooks.slack.com/services/2", min_security_score: 50}
                - {type: pagerduty, routing_key: abc, min_severity: Critical, match: {tenant: [a, b]}}
              escalation:
                - {after_minutes: 10, channels: pagerduty}
            """);
    assertThat(alerts.channels())
        .extracting(each -> each.common().name(), each -> each.common().minSeverity())
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("slack", Severity.MEDIUM),
            org.assertj.core.groups.Tuple.tuple("slack-2", Severity.INFO),
            org.assertj.core.groups.Tuple.tuple("pagerduty", Severity.CRITICAL));
    assertThat(alerts.channels().get(2).common().match())
        .isEqualTo(Map.of("tenant", Set.of("a", "b")));
    assertThat(alerts.escalationOnly()).containsExactly("pagerduty");
  }

  @Test
  void anEmptyAddressSwitchesAChannelOff() throws Exception {
    assertThat(read("alerts: {slack: {webhook_url: \"${EMPTY}\"}, pagerduty: }").channels())
        .isEmpty();
  }

  @Test
  void theOtherProcessNeedsNoSecretFiles() throws Exception {
    String yaml = "alerts: {pagerduty: {routing_key: file:/nowhere}}";
    assertThat(read(yaml, ConfigFile.Role.PLUGIN).channels()).isEmpty();
    assertThatThrownBy(() -> read(yaml)).hasMessageContaining("/nowhere");
  }

  @Test
  void whatIsMissingOrDoubledIsSaidWithItsPlace() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    alerts:
                      min_severity: high
                      slack: {min_severity: loud}
                      channels:
                        - {type: fax, url: "https://a.test"}
                        - {name: x, type: webhook, url: "https://a.test"}
                        - {name: x, type: webhook, url: "gopher://a.test"}
                        - {type: email, host: smtp.test, tls: none, user: me, from: "a@b.test", to: ["a\\nb"]}
                        - {type: slack, token: xoxb-1}
                      escalation: [{after_minutes: 5, channels: [nobody]}]
                      rules: {high_error_rate: {treshold: 1}}
                    """))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems().stream().map(ConfigProblem::toString).toList())
                    .containsExactlyElementsOf(
                        List.of(
                            "f.yaml:2: alerts.min_severity: expected webhook_url beside it; other"
                                + " channels have a min_severity each",
                            "f.yaml:3: alerts.slack.webhook_url: expected an address that starts"
                                + " with http:// or https://",
                            "f.yaml:3: alerts.slack.min_severity: expected one of info, low,"
                                + " medium, high, critical, was \"loud\"",
                            "f.yaml:5: alerts.channels[0].type: expected one of slack, pagerduty,"
                                + " webhook, alertmanager, teams, email, was \"fax\"",
                            "f.yaml:5: alerts.channels[0].url: unknown key, expected one of type",
                            "f.yaml:7: alerts.channels[2].url: expected an address that starts with"
                                + " http:// or https://",
                            "f.yaml:8: alerts.channels[3].user: expected tls beside it: a password"
                                + " must not travel in the open",
                            "f.yaml:8: alerts.channels[3].to[0]: expected a mail address such as"
                                + " alerts@example.com, was \"a\nb\"",
                            "f.yaml:9: alerts.channels[4].channel: expected the name or id of a"
                                + " channel beside token",
                            "f.yaml:10: alerts.escalation[0].channels[0]: expected the name of a"
                                + " channel: x",
                            "f.yaml:11: alerts.rules.high_error_rate.treshold: unknown key,"
                                + " expected \"threshold\"?")));
  }
}
