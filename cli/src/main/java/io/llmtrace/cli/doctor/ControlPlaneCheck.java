package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.Map;
import java.util.Set;

/** Whether the control plane can be reached, is one, and has its storage. */
final class ControlPlaneCheck implements Check {
  static final String NAME = "control_plane";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    Findings findings = new Findings(NAME);
    URI address = deployment.controlPlane();
    Peer.Answer answer;
    try {
      answer = Peer.controlPlane(deployment, "/health", Map.of());
    } catch (Peer.SilentException e) {
      return findings
          .error("The control plane " + address + " " + e.getMessage(), mend(deployment, e))
          .or("");
    }
    JsonNode health = answer.json();
    if (answer.status() != 200 || !health.has("storage") || !health.has("uptime")) {
      return findings
          .error(
              address + " answered /health with " + answer.status() + " as no control plane does",
              "set plugin.control_plane_url in "
                  + deployment.fileName()
                  + " to the control plane's address, such as http://127.0.0.1:8080")
          .or("");
    }
    String storage = health.path("storage").asText();
    if (storage.equals("starting")) {
      findings.error(
          "The control plane is starting: its database is not ready yet",
          "wait, the first start makes the schema and may take a minute or two; then"
              + " ./llmtrace doctor"
              + deployment.configOption()
              + " again");
    } else if (!storage.equals("connected")) {
      findings.error(
          "The control plane has no storage: it says \"" + storage + "\"",
          storage.equals("not set up, see the log")
              ? "run the SQL that the control plane's log names, as an administrator of the"
                  + " database"
              : "start PostgreSQL, or mend control_plane.database in " + deployment.fileName());
    }
    if (health.path("ml_models").properties().stream()
        .anyMatch(model -> model.getValue().asText().equals("failed"))) {
      findings.warning(
          "The control plane says that a model failed on a node",
          "./llmtrace doctor --role plugin" + deployment.configOption() + "   # on that node");
    }
    silent(deployment, findings);
    return findings.or(address + " is up for " + health.path("uptime").asLong() + " s");
  }

  /** Whether the control plane hears from this node; only who may read instances is told. */
  private static void silent(Deployment deployment, Findings findings) throws InterruptedException {
    if (deployment.apiKey() == null || deployment.side() == Side.CONTROL_PLANE) {
      return;
    }
    String node = deployment.config().plugin().node();
    try {
      JsonNode health =
          Peer.controlPlane(
                  deployment,
                  "/health",
                  Map.of("Authorization", "Bearer " + deployment.apiKey().reveal()))
              .json();
      for (JsonNode each : health.path("nodes")) {
        if (each.at("/snapshot/node").asText().equals(node) && each.path("silent").asBoolean()) {
          findings.error(
              "The control plane has heard nothing from node " + node + " lately",
              "./llmtrace plugin" + deployment.configOption());
        }
      }
    } catch (Peer.SilentException e) {
      findings.error(
          "The control plane " + deployment.controlPlane() + " " + e.getMessage(),
          mend(deployment, e));
    }
  }

  private static String mend(Deployment deployment, Peer.SilentException silent) {
    URI address = deployment.controlPlane();
    return switch (silent.silence()) {
      case REFUSED ->
          "./llmtrace control-plane"
              + deployment.configOption()
              + "   # or mend plugin.control_plane_url";
      case UNKNOWN_HOST ->
          "getent hosts "
              + address.getHost()
              + "   # then mend"
              + " plugin.control_plane_url in "
              + deployment.fileName();
      case TLS ->
          deployment.side() == Side.CONTROL_PLANE
              ? "restart the control plane, which serves what it read before"
              : "set plugin.control_plane_tls.ca in "
                  + deployment.fileName()
                  + " to the authority that issued its certificate, in PEM   # or give it a"
                  + " certificate for "
                  + address.getHost();
      case FILES ->
          "mend "
              + (deployment.side() == Side.CONTROL_PLANE
                  ? "control_plane.tls"
                  : "plugin.control_plane_tls")
              + " in "
              + deployment.fileName();
      case TIMEOUT ->
          "curl -v --max-time 10 "
              + Peer.at(address, "/health")
              + "   # then mend the firewall, or restart the control plane";
      case BROKEN ->
          "curl -v "
              + Peer.at(address, "/health")
              + "   # then mend the scheme and port of plugin.control_plane_url";
    };
  }
}
