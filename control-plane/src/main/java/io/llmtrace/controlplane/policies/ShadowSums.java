package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.ShadowDecision;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** What candidates would have decided, as it comes with exchanges. Stateless. */
public final class ShadowSums {
  private static final long HOUR_MILLIS = 3_600_000;

  /** Of each difference, in one transaction. */
  private static final int EXAMPLES = 3;

  /** Of each difference, for good. */
  private static final int KEPT = 100;

  private record Key(
      long hour, String tenant, String policy, int version, String active, String candidate) {}

  private static final class Seen {
    private final List<ShadowExample> examples = new ArrayList<>();
    private int count;
  }

  private record ShadowExample(String decisionId, String rule) {}

  private ShadowSums() {}

  /** Adds what is told with new exchanges, in the transaction that stores them. */
  public static void add(Handle handle, Collection<InspectionRecord> records) {
    Map<Key, Seen> sums = new LinkedHashMap<>();
    for (InspectionRecord record : records) {
      ShadowDecision shadow = record.shadow();
      if (shadow == null) {
        continue;
      }
      Key key =
          new Key(
              record.at() / HOUR_MILLIS * (HOUR_MILLIS / 1000),
              StorableJson.text(record.tenant()),
              StorableJson.text(shadow.policy()),
              shadow.version(),
              record.decision().would().label(),
              shadow.action().label());
      Seen seen = sums.computeIfAbsent(key, each -> new Seen());
      seen.count++;
      if (record.decision().would() != shadow.action() && seen.examples.size() < EXAMPLES) {
        seen.examples.add(new ShadowExample(record.decisionId(), StorableJson.text(shadow.rule())));
      }
    }
    if (!sums.isEmpty()) {
      write(handle, sums);
    }
  }

  private static void write(Handle handle, Map<Key, Seen> sums) {
    try (PreparedBatch counts =
            handle.prepareBatch(
                "INSERT INTO policy_shadow_sums (hour, tenant, policy, version, active, candidate,"
                    + " exchanges) VALUES (?, ?, ?, ?, ?, ?, ?)");
        PreparedBatch examples =
            handle.prepareBatch(
                "INSERT INTO policy_shadow_examples (tenant, policy, version, active, candidate,"
                    + " rule, decision_id) VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      sums.forEach(
          (key, seen) -> {
            counts.add(
                key.hour(),
                key.tenant(),
                key.policy(),
                key.version(),
                key.active(),
                key.candidate(),
                seen.count);
            seen.examples.forEach(
                each ->
                    examples.add(
                        key.tenant(),
                        key.policy(),
                        key.version(),
                        key.active(),
                        key.candidate(),
                        each.rule(),
                        each.decisionId()));
          });
      counts.execute();
      if (examples.size() > 0) {
        examples.execute();
      }
    }
  }

  /** Adds up what came in the last hours, and forgets what is past its time. */
  public static void fold(Handle handle) {
    handle.execute(
        "WITH gone AS (DELETE FROM policy_shadow_sums"
            + " WHERE hour >= extract(epoch FROM now() - interval '2 hours') RETURNING *)"
            + " INSERT INTO policy_shadow_sums SELECT hour, tenant, policy, version, active,"
            + " candidate, sum(exchanges) FROM gone"
            + " GROUP BY hour, tenant, policy, version, active, candidate");
    handle.execute(
        "DELETE FROM policy_shadow_sums"
            + " WHERE hour < extract(epoch FROM now() - interval '400 days')");
    handle.execute(
        "DELETE FROM policy_shadow_examples e USING (SELECT ctid AS place, row_number() OVER"
            + " (PARTITION BY tenant, policy, version, active, candidate ORDER BY decision_id DESC)"
            + " AS n FROM policy_shadow_examples) old WHERE e.ctid = old.place AND old.n > "
            + KEPT);
  }
}
