package io.llmtrace.controlplane.lifecycle;

import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.ingest.ExchangeListener;
import io.llmtrace.controlplane.ingest.Ingest;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.controlplane.tenants.ListedTenants;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Exchanges of chosen days in a test's database, stored as ingest stores them. */
final class Stored implements AutoCloseable {
  private static final AtomicLong NUMBERS = new AtomicLong();
  private static final Map<RetentionClass, Integer> DAYS =
      Map.of(RetentionClass.SHORT, 7, RetentionClass.STANDARD, 30, RetentionClass.LONG, 400);

  final TestStorage database;
  final Partitions partitions = at(0);
  private final Ingest ingest;

  Stored(TestStorage database) {
    this.database = database;
    ingest =
        new Ingest(
            database::jdbi,
            new ListedTenants(),
            new Totals("stored-" + NUMBERS.incrementAndGet()),
            partitions,
            Stored::retention,
            ExchangeListener.NONE);
  }

  static RetentionClass retention(String tenant) {
    return tenant.startsWith("hasty") ? RetentionClass.SHORT : RetentionClass.STANDARD;
  }

  /** Partitions as they are looked after in some days. */
  static Partitions at(int daysAhead) {
    return new Partitions(
        Clock.offset(Clock.systemUTC(), java.time.Duration.ofDays(daysAhead)), DAYS);
  }

  static LocalDate day(int daysAgo) {
    return LocalDate.now(ZoneOffset.UTC).minusDays(daysAgo);
  }

  /** An id of noon of a day. */
  static String id(int daysAgo) {
    return Ulid.of(
        day(daysAgo).atTime(12, 0).toInstant(ZoneOffset.UTC).toEpochMilli(),
        7,
        NUMBERS.incrementAndGet());
  }

  static InspectionRecord asked(String id, Records.Who who) {
    return Records.inspection(
        id,
        who,
        Action.FLAG,
        Coverage.INSPECTED,
        List.of(Records.finding(FindingType.JAILBREAK, Severity.HIGH)));
  }

  static Records.Who who(String tenant, String consumer, String agent) {
    return new Records.Who(tenant, "chat", consumer, agent, "openai", "gpt-4o");
  }

  /** Stores a whole exchange with a finding in its request and one in its answer. */
  String exchange(int daysAgo, String tenant, String consumer) {
    String id = id(daysAgo);
    send(TenantScope.all(), asked(id, who(tenant, consumer, "bot")));
    send(
        TenantScope.all(),
        Records.completion(
            id,
            200,
            120,
            new BigDecimal("0.25"),
            List.of(Records.finding(FindingType.PII_DETECTED, Severity.LOW))));
    return id;
  }

  void send(TenantScope tenants, TelemetryRecord... records) {
    Caller instance =
        new Caller(
            "key",
            Caller.Kind.KEY,
            "key",
            List.of(new Grant(Role.INSTANCE, tenants)),
            Set.of(),
            new Origin("127.0.0.1", "", "r"));
    var unused =
        ingest.accept(
            instance,
            new Batch(Batch.SCHEMA, "n", "b", NUMBERS.incrementAndGet(), List.of(records)));
  }

  /** Rows of an exchange by table and class, such as {@code exchanges hold 1}. */
  List<String> rows(String id) {
    return database.column(
        Holds.TABLES.stream()
                .sorted()
                .map(
                    table ->
                        "SELECT '"
                            + table
                            + " ' || retention || ' ' || count(*) AS r FROM "
                            + table
                            + " WHERE decision_id = '"
                            + id
                            + "' GROUP BY retention")
                .reduce((a, b) -> a + " UNION ALL " + b)
                .orElseThrow()
            + " ORDER BY 1");
  }

  static List<String> in(String retention) {
    return List.of(
        "completions " + retention + " 1",
        "exchanges " + retention + " 1",
        "findings " + retention + " 2");
  }

  String hold(String tenant, String consumer, int fromDaysAgo, String until) {
    String id = new Ulid().next();
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "INSERT INTO holds (id, tenant, consumer, from_day, until_day, reason,"
                        + " created_by) VALUES (?, ?, ?, ?, CAST(? AS date), 'case 7', 'key:k')",
                    id,
                    tenant,
                    consumer,
                    day(fromDaysAgo),
                    until));
    return id;
  }

  void end(String hold) {
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE holds SET ended_at = now(), ended_by = 'key:k' WHERE id = ?", hold));
  }

  @Override
  public void close() {
    ingest.close();
  }
}
