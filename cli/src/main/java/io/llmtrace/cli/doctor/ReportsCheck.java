package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;

/**
 * What the plugin says of its own way to the control plane. Where that is gone for everybody,
 * "control_plane" and "key" tell it, and this is left out.
 */
final class ReportsCheck implements Check {
  static final String NAME = "reports";

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
    return Set.of(
        ConfigurationCheck.NAME,
        PluginCheck.NAME,
        ControlPlaneCheck.NAME,
        KeyCheck.NAME,
        SocketCheck.NAME);
  }

  /** Whether a problem that the plugin tells is of this check. */
  static boolean isAbout(String problem) {
    return problem.contains("control plane")
        || problem.startsWith("no shares")
        || problem.startsWith("policies cannot be asked for");
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    Findings findings = new Findings(NAME);
    JsonNode health;
    try {
      health =
          Peer.get(
                  Peer.at(PluginCheck.address(deployment), "/health"),
                  Map.of(),
                  deployment.patience())
              .json();
    } catch (Peer.SilentException e) {
      return new Outcome.Skipped("the plugin " + e.getMessage());
    }
    for (JsonNode problem : health.path("problems")) {
      if (isAbout(problem.asText())) {
        findings.warning(
            "The plugin cannot report, though the control plane answers here: " + problem.asText(),
            "./llmtrace plugin"
                + deployment.configOption()
                + "   # takes over with the address and key of this file");
      }
    }
    return findings.or(health.path("spool_bytes").asLong() + " bytes wait to be sent");
  }
}
