package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.alerts.delivery.ChannelReach;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Whether alerts reach anybody: channels by the rules of delivery, and what became of the last. */
final class AlertChannelsCheck implements Check {
  static final String NAME = "alert_channels";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.CONTROL_PLANE;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    AlertsConfig alerts = deployment.config().alerts();
    if (alerts.channels().isEmpty()) {
      return new Outcome.Skipped("no channel is configured: alerts are stored and told to nobody");
    }
    Findings findings = new Findings(NAME);
    TransportSettings settings = new TransportSettings(alerts.allowPrivateTargets());
    for (ChannelConfig channel : alerts.channels()) {
      Optional<String> problem =
          ChannelReach.problem(channel, settings, deployment.patience().dividedBy(2));
      problem.ifPresent(
          reason ->
              findings.error(
                  "Channel " + channel.common().name() + " cannot be delivered to: " + reason,
                  reason.contains("allow_private_targets")
                      ? "mend the channel's address in "
                          + deployment.fileName()
                          + ", or add its host to alerts.allow_private_targets there"
                      : "mend the channel's address in "
                          + deployment.fileName()
                          + ", or the network; then "
                          + test(deployment, channel.common().name())));
    }
    if (findings.none()) {
      delivered(deployment, findings);
    }
    return findings.or(alerts.channels().size() + " channels can be reached");
  }

  private static String test(Deployment deployment, String name) {
    return "./llmtrace alerts try " + name + " --url " + deployment.controlPlane();
  }

  /** What the control plane knows; only who may read alerts is told. */
  private static void delivered(Deployment deployment, Findings findings)
      throws InterruptedException {
    Secret key = deployment.apiKey();
    if (key == null) {
      return;
    }
    try {
      Peer.Answer answer =
          Peer.controlPlane(
              deployment,
              "/api/v1/alerts/channels",
              Map.of("Authorization", "Bearer " + key.reveal()));
      if (answer.status() == 401 || answer.status() == 403) {
        findings.error(
            "The key of --api-key-file may not read alert channels (status "
                + answer.status()
                + ")",
            "give a key of role viewer or more, such as the control plane's initial-admin.key");
      }
      for (JsonNode each : answer.json().path("items")) {
        String name = each.path("id").asText();
        if (each.hasNonNull("failing_since")) {
          findings.error(
              "The last delivery through channel "
                  + name
                  + " failed: "
                  + each.path("last_error").asText("no reason was given"),
              "mend what it says, then " + test(deployment, name));
        }
        if (each.path("parked").asLong() > 0) {
          findings.warning(
              each.path("parked").asLong() + " alerts of channel " + name + " were given up",
              "./llmtrace alerts retry --help   # says how to send them again; with --url "
                  + deployment.controlPlane());
        }
      }
    } catch (Peer.SilentException e) {
      // "control_plane" tells it.
      return;
    }
  }
}
