package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.policies.wire.Batch;
import org.jdbi.v3.core.Handle;

/** Keeps an instance to the tenants that it may report for. Thread-safe. */
public interface TenantGate {
  /**
   * What of a batch may be stored. The rest is set aside and counted, in the same transaction.
   *
   * @param handle in the transaction that stores the batch, as owner of the tables
   */
  Batch admit(Handle handle, Caller caller, Batch batch, Deltas deltas);
}
