package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.runtime.config.Secret;
import java.util.Map;
import java.util.Set;

/** Whether the control plane takes the node's key, and for what the node needs it. */
final class KeyCheck implements Check {
  static final String NAME = "key";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.PLUGIN;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME, ControlPlaneCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    Findings findings = new Findings(NAME);
    Secret key = deployment.config().plugin().apiKey();
    String made =
        "set plugin.api_key in "
            + deployment.fileName()
            + " to file:PATH of an instance key, such as the control plane's initial-instance.key";
    if (key == null) {
      return findings
          .error("There is no plugin.api_key: records stay in the spool until it is full", made)
          .or("");
    }
    if (!key.reveal().chars().allMatch(c -> c > ' ' && c < 127)) {
      return findings
          .error("plugin.api_key holds more than one word of printable ASCII", made)
          .or("");
    }
    Peer.Answer answer;
    try {
      answer =
          Peer.controlPlane(
              deployment, "/api/v1/me", Map.of("Authorization", "Bearer " + key.reveal()));
    } catch (Peer.SilentException e) {
      return findings
          .error(
              "The control plane " + e.getMessage() + " when it was asked about the key",
              "./llmtrace doctor" + deployment.configOption() + " --timeout 60")
          .or("");
    }
    JsonNode me = answer.json();
    switch (answer.status()) {
      case 200 -> {
        if (!me.path("permissions").has("telemetry:write")) {
          findings.error(
              "plugin.api_key is a key that may not send telemetry: expected one of role instance",
              made);
        }
      }
      case 401 ->
          findings.error(
              "The control plane refuses plugin.api_key: it does not know the key, or it was"
                  + " revoked or is past its time",
              made);
      case 429 ->
          findings.warning(
              "The control plane limits this node's requests",
              "raise control_plane.rate_limit in the control plane's configuration");
      default ->
          findings.error(
              "The control plane answered " + answer.status() + " when it was asked about the key",
              "look at the control plane's log");
    }
    return findings.or("key " + me.path("id").asText() + " may send telemetry");
  }
}
