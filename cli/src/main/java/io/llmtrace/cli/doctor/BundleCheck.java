package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.plugin.policies.BundleKeeper;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** The bundle of policies on this node: its keys, whether it is accepted, and its age. */
final class BundleCheck implements Check {
  static final String NAME = "bundle";
  private static final String PREFIX = "policies: ";

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
    return Set.of(ConfigurationCheck.NAME);
  }

  /** Whether a problem that the plugin tells is of this check. */
  static boolean isAbout(String problem) {
    return problem.startsWith(PREFIX);
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    PluginConfig plugin = deployment.config().plugin();
    if (plugin.policies().publicKeys().isEmpty()) {
      return new Outcome.Skipped(
          "plugin.policies.public_keys is empty: the built-in policy decides");
    }
    Findings findings = new Findings(NAME);
    BundleKeeper keeper;
    try {
      keeper = BundleKeeper.open(plugin, deployment.clock());
    } catch (IOException e) {
      return findings.error(String.valueOf(e.getMessage()), pin(deployment)).or("");
    }
    for (String problem : keeper.problems()) {
      String text = problem.substring(isAbout(problem) ? PREFIX.length() : 0);
      findings.error("On this node's disk: " + text, mend(deployment, text));
    }
    pinned(deployment, keeper.trustedKeys(), findings);
    if (findings.none()) {
      running(deployment, findings);
    }
    return findings.or(
        keeper.table().revision() == 0
            ? "none came yet, the built-in policy decides"
            : "revision " + keeper.table().revision() + " is on disk");
  }

  /** Whether what signs now is among what this node trusts. */
  private static void pinned(Deployment deployment, Set<String> trusted, Findings findings)
      throws InterruptedException {
    Secret key = deployment.config().plugin().apiKey();
    if (key == null) {
      return;
    }
    JsonNode keys;
    try {
      Peer.Answer answer =
          Peer.controlPlane(
              deployment,
              "/api/v1/policies/signing-keys",
              Map.of("Authorization", "Bearer " + key.reveal()));
      if (answer.status() != 200) {
        // "key" tells it.
        return;
      }
      keys = answer.json().path("keys");
    } catch (Peer.SilentException e) {
      // "control_plane" tells it.
      return;
    }
    for (JsonNode each : keys) {
      if (each.path("signs").asBoolean()
          && !trusted.contains(bare(each.path("public_key").asText()))) {
        findings.error(
            "The control plane signs bundles with the key "
                + each.path("id").asText()
                + ", which plugin.policies.public_keys does not have: its bundles are refused",
            pin(deployment));
      }
    }
  }

  private static String bare(String pem) {
    return pem.replaceAll("-----[A-Z ]+-----|\\s", "");
  }

  /** What the process says that runs; silent where none does, which "plugin" tells. */
  private static void running(Deployment deployment, Findings findings)
      throws InterruptedException {
    try {
      JsonNode health =
          Peer.get(
                  Peer.at(PluginCheck.address(deployment), "/health"),
                  Map.of(),
                  deployment.patience())
              .json();
      for (JsonNode problem : health.path("problems")) {
        if (isAbout(problem.asText())) {
          String text = problem.asText().substring(PREFIX.length());
          findings.error("The plugin reports: " + text, mend(deployment, text));
        }
      }
    } catch (Peer.SilentException e) {
      return;
    }
  }

  private static String mend(Deployment deployment, String problem) {
    if (problem.contains("(signature)") || problem.contains("(key)")) {
      return pin(deployment);
    }
    if (problem.contains("past its time")) {
      return "mend what \"control_plane\", \"key\" and \"clock\" tell; a new bundle comes by"
          + " itself";
    }
    if (problem.contains("not on disk")) {
      return "mend what \"disk\" tells";
    }
    Path directory = deployment.config().plugin().dataDirectory();
    return "mv "
        + directory.resolve("policies.bundle")
        + " "
        + directory.resolve("policies.bad")
        + "   # then restart the plugin; the control plane gives the bundle again";
  }

  private static String pin(Deployment deployment) {
    return "curl -s -H \"Authorization: Bearer $KEY\" "
        + deployment.controlPlane()
        + "/api/v1/policies/signing-keys   # compare with the control plane's policy-signing.pub,"
        + " then add that file to plugin.policies.public_keys in "
        + deployment.fileName();
  }
}
