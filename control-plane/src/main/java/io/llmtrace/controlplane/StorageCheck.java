package io.llmtrace.controlplane;

import com.codahale.metrics.health.HealthCheck;
import io.llmtrace.controlplane.storage.Storage;

/** Whether the database answers, for {@code /healthcheck} of the admin port. Thread-safe. */
final class StorageCheck extends HealthCheck {
  private final Storage storage;

  StorageCheck(Storage storage) {
    this.storage = storage;
  }

  /** By the last look, which is a second old at most: it never waits. */
  @Override
  protected Result check() {
    Storage.Probe probe = storage.probe();
    return probe.ready() ? Result.healthy() : Result.unhealthy("%s", probe.text());
  }
}
