package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.access.ScopeText;
import io.llmtrace.controlplane.access.TenantScope;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Processes that ask for shares, and for whose limits. Thread-safe. */
final class LeaseNodes {
  private final Supplier<Jdbi> jdbi;

  LeaseNodes(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Notes a process; how many asked within the time of a lease for tenants that are its own too.
   */
  int seen(String node, TenantScope scope) {
    String[] tenants = array(scope);
    return jdbi.get()
        .inTransaction(
            handle -> {
              handle
                  .createUpdate(
                      "INSERT INTO lease_nodes (node, tenants, seen_at) VALUES (:node,"
                          + " CAST(:tenants AS text[]), clock_timestamp()) ON CONFLICT (node) DO"
                          + " UPDATE SET tenants = excluded.tenants, seen_at = excluded.seen_at")
                  .bind("node", row(node, scope))
                  .bindByType("tenants", tenants, String[].class)
                  .execute();
              return handle
                  .createQuery(
                      "SELECT count(*) FROM lease_nodes WHERE seen_at > clock_timestamp() -"
                          + " :millis * interval '1 millisecond' AND (tenants IS NULL OR"
                          + " CAST(:tenants AS text[]) IS NULL OR tenants &&"
                          + " CAST(:tenants AS text[]))")
                  .bind("millis", Leases.LIFETIME_MILLIS)
                  .bindByType("tenants", tenants, String[].class)
                  .mapTo(Integer.class)
                  .one();
            });
  }

  /** Forgets a process of whoever says so. */
  void left(String node, TenantScope scope) {
    jdbi.get()
        .useHandle(
            handle ->
                handle
                    .createUpdate(
                        "DELETE FROM lease_nodes WHERE node = :node AND tenants IS NOT DISTINCT"
                            + " FROM CAST(:tenants AS text[])")
                    .bind("node", row(node, scope))
                    .bindByType("tenants", array(scope), String[].class)
                    .execute());
  }

  /** A name is one process to those whose keys are for the same tenants, and no further. */
  private static String row(String node, TenantScope scope) {
    return scope instanceof TenantScope.Only ? node + " " + ScopeText.of(scope) : node;
  }

  private static String @Nullable [] array(TenantScope scope) {
    return scope instanceof TenantScope.Only only
        ? only.tenants().stream().sorted().toArray(String[]::new)
        : null;
  }

  void expire() {
    jdbi.get()
        .useHandle(
            handle ->
                handle.execute(
                    "DELETE FROM lease_nodes WHERE seen_at < now() - interval '1 hour'"));
  }

  static java.util.@Nullable Set<String> names(TenantScope scope) {
    return scope instanceof TenantScope.Only only ? only.tenants() : null;
  }
}
