package io.llmtrace.controlplane;

import io.llmtrace.controlplane.access.Callers;
import io.llmtrace.controlplane.bundles.BundleKeyring;
import io.llmtrace.controlplane.bundles.BundleResource;
import io.llmtrace.controlplane.bundles.BundleWaits;
import io.llmtrace.controlplane.bundles.Bundles;
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
  private final List<Object> resources;

  private PolicyParts(Bundles bundles, BundleWaits waits, List<Object> resources) {
    this.bundles = bundles;
    this.waits = waits;
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
    return new PolicyParts(
        bundles, waits, List.of(new BundleResource(bundles, waits, callers, meters)));
  }

  List<Object> resources() {
    return resources;
  }

  /** What is done again and again. */
  void schedule(Jobs jobs) {
    jobs.every(Duration.ofSeconds(10), "bundles", bundles::look);
    jobs.every(Duration.ofHours(1), "bundles-expiry", bundles::expire);
    waits.start();
  }

  @Override
  public void close() throws InterruptedException {
    waits.close();
  }
}
