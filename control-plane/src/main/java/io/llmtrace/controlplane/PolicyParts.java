package io.llmtrace.controlplane;

import io.llmtrace.controlplane.access.Callers;
import io.llmtrace.controlplane.bundles.BundleKeyring;
import io.llmtrace.controlplane.bundles.BundleNumbersResource;
import io.llmtrace.controlplane.bundles.BundleResource;
import io.llmtrace.controlplane.bundles.BundleWaits;
import io.llmtrace.controlplane.bundles.Bundles;
import io.llmtrace.controlplane.policies.ActivationsResource;
import io.llmtrace.controlplane.policies.Approval;
import io.llmtrace.controlplane.policies.PoliciesResource;
import io.llmtrace.controlplane.policies.RolloutsResource;
import io.llmtrace.controlplane.policies.ShadowResource;
import io.llmtrace.controlplane.policies.ShadowSums;
import io.llmtrace.controlplane.policies.Simulations;
import io.llmtrace.controlplane.policies.SimulationsResource;
import io.llmtrace.controlplane.policies.Steps;
import io.llmtrace.controlplane.policies.ValidateResource;
import io.llmtrace.controlplane.policies.VersionsResource;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/** Policies: who changes them, and what instances are given. */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
final class PolicyParts implements AutoCloseable {
  private final Bundles bundles;
  private final BundleWaits waits;
  private final Simulations simulations;
  private final Supplier<Jdbi> jdbi;
  private final List<Object> resources;

  private PolicyParts(
      Bundles bundles,
      BundleWaits waits,
      Simulations simulations,
      Supplier<Jdbi> jdbi,
      List<Object> resources) {
    this.bundles = bundles;
    this.waits = waits;
    this.simulations = simulations;
    this.jdbi = jdbi;
    this.resources = resources;
  }

  static PolicyParts of(
      ControlPlaneConfig own,
      Supplier<Jdbi> jdbi,
      ScopedJdbi scoped,
      Settings settings,
      Callers callers,
      MeterRegistry meters,
      Clock clock)
      throws IOException {
    BundleKeyring keyring = BundleKeyring.load(own.policies().signingKeys(), own.dataDirectory());
    Bundles bundles = new Bundles(jdbi, keyring, clock);
    BundleWaits waits = new BundleWaits(bundles, meters);
    Approval approval = new Approval(settings);
    Steps steps = new Steps(scoped, approval, waits::now);
    Simulations simulations = new Simulations(scoped, clock);
    return new PolicyParts(
        bundles,
        waits,
        simulations,
        jdbi,
        List.of(
            new BundleResource(bundles, waits, callers, meters),
            new BundleNumbersResource(scoped, keyring),
            new PoliciesResource(scoped, clock, approval, waits::now),
            new VersionsResource(scoped),
            new ActivationsResource(scoped, steps),
            new RolloutsResource(steps),
            new ShadowResource(scoped),
            new ValidateResource(scoped, clock),
            new SimulationsResource(scoped, simulations, clock)));
  }

  List<Object> resources() {
    return resources;
  }

  /** The newest revision that an instance was given; from memory. */
  long newestRevision() {
    return bundles.newest();
  }

  /** What is done again and again. */
  void schedule(Jobs jobs) {
    jobs.every(Duration.ofSeconds(10), "bundles", bundles::look);
    jobs.every(Duration.ofHours(1), "bundles-expiry", bundles::expire);
    jobs.every(Duration.ofSeconds(10), "simulations", simulations::beat);
    jobs.every(
        Duration.ofMinutes(1), "shadow-sums", () -> jdbi.get().useTransaction(ShadowSums::fold));
    jobs.every(
        Duration.ofHours(1),
        "simulations-expiry",
        () -> jdbi.get().useTransaction(Simulations::expire));
    waits.start();
  }

  @Override
  public void close() throws InterruptedException {
    waits.close();
    simulations.close();
  }
}
