package io.llmtrace.cli.doctor;

import java.net.URI;
import java.util.Map;
import java.util.Set;

/** Whether the gateway answers clients at all. */
final class GatewayCheck implements Check {
  static final String NAME = "gateway";

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
    return Set.of();
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    URI gateway = deployment.gateway();
    if (gateway == null) {
      return new Outcome.Skipped("no --gateway was given");
    }
    Findings findings = new Findings(NAME);
    try {
      // A path that no route has: nothing is sent to a provider.
      Peer.Answer answer =
          Peer.get(Peer.at(gateway, "/llmtrace-doctor"), Map.of(), deployment.patience());
      return findings.or("answers with " + answer.status());
    } catch (Peer.SilentException e) {
      return findings
          .error(
              "The gateway " + gateway + " " + e.getMessage(),
              e.silence() == Peer.Silence.REFUSED
                  ? "apisix start"
                  : "curl -v " + gateway + "   # and mend the address in --gateway, or the gateway")
          .or("");
    }
  }
}
