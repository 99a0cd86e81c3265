package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.runtime.config.PluginConfig;
import java.net.URI;
import java.util.Map;
import java.util.Set;

/** The plugin's own account of itself, and that its local port is the tap's. */
final class PluginCheck implements Check {
  static final String NAME = "plugin";

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
    return Set.of(ConfigurationCheck.NAME, SocketCheck.NAME);
  }

  /** Where the plugin's local port is asked. */
  static URI address(Deployment deployment) {
    PluginConfig plugin = deployment.config().plugin();
    String host =
        switch (plugin.bind()) {
          case "0.0.0.0" -> "127.0.0.1";
          case "::" -> "[::1]";
          default -> plugin.bind().contains(":") ? "[" + plugin.bind() + "]" : plugin.bind();
        };
    return URI.create("http://" + host + ":" + plugin.port());
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    Findings findings = new Findings(NAME);
    URI address = address(deployment);
    Peer.Answer answer;
    try {
      answer = Peer.get(Peer.at(address, "/health"), Map.of(), deployment.patience());
    } catch (Peer.SilentException e) {
      return findings
          .error(
              "The plugin's local port "
                  + address
                  + " "
                  + e.getMessage()
                  + ", though its socket is served: it runs with another plugin.port or"
                  + " plugin.bind than "
                  + deployment.fileName(),
              "./llmtrace plugin" + deployment.configOption() + "   # takes over with this file")
          .or("");
    }
    JsonNode health = answer.json();
    if (answer.status() != 200 || !health.has("spool_bytes") || !health.has("circuit_breaker")) {
      return findings
          .error(
              "Something else than the plugin answers on "
                  + address
                  + " (status "
                  + answer.status()
                  + ")",
              "sudo ss -ltnp 'sport = :"
                  + address.getPort()
                  + "'   # stop it, or change plugin.port")
          .or("");
    }
    judge(deployment, health, findings);
    return findings.or("node " + health.path("node").asText() + " is healthy");
  }

  private static void judge(Deployment deployment, JsonNode health, Findings findings) {
    String node = deployment.config().plugin().node();
    if (!health.path("node").asText(node).equals(node)) {
      findings.error(
          "The plugin runs as node "
              + health.path("node").asText()
              + ", expected "
              + node
              + ": it was started with another configuration",
          "./llmtrace plugin" + deployment.configOption() + "   # takes over with this file");
    }
    String breaker = health.path("circuit_breaker").asText();
    if (!breaker.equals("closed")) {
      findings.error(
          "The analysis breaker is "
              + breaker
              + ": traffic passes without analysis, because the"
              + " engine or the storage of the node failed several times in a row",
          "./llmtrace plugin"
              + deployment.configOption()
              + "   # takes over with a closed breaker; the old one's log says what failed");
    }
    if (health.path("draining").asBoolean()) {
      findings.warning(
          "The plugin drains, because another process has taken over or its socket was replaced",
          "./llmtrace plugin" + deployment.configOption());
    }
    for (JsonNode problem : health.path("problems")) {
      String text = problem.asText();
      if (BundleCheck.isAbout(text) || ReportsCheck.isAbout(text)) {
        continue;
      }
      findings.warning("The plugin reports: " + text, mend(deployment, text));
    }
  }

  private static String mend(Deployment deployment, String problem) {
    if (problem.startsWith("model '")) {
      return "./llmtrace config validate " + deployment.fileName();
    }
    if (problem.startsWith("route ") || problem.contains(": value") || problem.contains("conf:")) {
      return RoutesCheck.enable(deployment, "ID");
    }
    return "curl -s " + address(deployment) + "/health   # see docs/troubleshooting.md";
  }
}
