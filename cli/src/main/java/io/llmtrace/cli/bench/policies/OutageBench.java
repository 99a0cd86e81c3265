package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.policies.DamagingProxy.Place;
import java.net.URI;
import java.time.Duration;

/**
 * What is enforced when something is wrong: bundles in which a byte is another one on their way,
 * and no control plane. For once the last instance asks through a proxy.
 */
final class OutageBench {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Nobody listens there. */
  private static final URI NOWHERE = URI.create("http://127.0.0.1:9");

  private OutageBench() {}

  static void measure(Installation installation, EditedPolicy policy, Figures figures)
      throws Exception {
    ObjectNode part = figures.part("outage");
    int version = damaged(installation, policy, part, figures);
    installation.kill();
    int enforcing = 0;
    for (Node node : installation.nodes()) {
      node.close();
      node.start(node == last(installation) ? NOWHERE : installation.address());
      enforcing += node.ask().isBlockOf(version) ? 1 : 0;
    }
    part.put("enforcing_without_control_plane", enforcing);
    figures.exactly(
        "instances that were restarted without control plane and enforce the last version",
        enforcing,
        installation.nodes().size());
  }

  private static Node last(Installation installation) {
    return installation.nodes().get(installation.nodes().size() - 1);
  }

  /** Returns the version that all enforce in the end. */
  private static int damaged(
      Installation installation, EditedPolicy policy, ObjectNode part, Figures figures)
      throws Exception {
    Node node = last(installation);
    ArrayNode told = part.putArray("damaged");
    int old = policy.edit(EditedPolicy.Way.BLOCKS);
    policy.activate(old);
    int refused = 0;
    try (DamagingProxy proxy = DamagingProxy.start(installation.address())) {
      node.close();
      node.start(proxy.address());
      enforced(node, old);
      for (Place place : Place.values()) {
        proxy.damage(place);
        int next = policy.edit(EditedPolicy.Way.BLOCKS);
        policy.activate(next);
        Waiting.until(
            node.name() + " refuses a bundle with another byte in the " + place,
            PATIENCE,
            () -> proxy.damaged() > 0 && node.health().contains("a bundle was refused ("));
        boolean old0 = node.ask().isBlockOf(old);
        String problem = problem(node.health());
        told.addObject().put("place", place.toString()).put("told", problem);
        figures.say("another byte in the %s: %s", place, problem);
        refused += old0 ? 1 : 0;
        proxy.pass();
        enforced(node, next);
        old = next;
      }
    }
    for (Node each : installation.nodes()) {
      if (each != node) {
        enforced(each, old);
      }
    }
    part.put("refused", refused);
    figures.exactly(
        "damaged bundles that were refused while the version before went on",
        refused,
        Place.values().length);
    return old;
  }

  private static void enforced(Node node, int version) throws Exception {
    Waiting.until(
        node.name() + " enforces version " + version,
        PATIENCE,
        () -> node.ask().isBlockOf(version));
  }

  private static String problem(String health) {
    int from = health.indexOf("a bundle was refused");
    return health.substring(from, health.indexOf('"', from));
  }
}
