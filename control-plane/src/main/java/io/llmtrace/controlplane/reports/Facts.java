package io.llmtrace.controlplane.reports;

import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.AuditChain;
import io.llmtrace.controlplane.reports.Report.Fact;
import io.llmtrace.controlplane.statistics.PeriodSums;
import io.llmtrace.controlplane.statistics.PeriodSums.Period;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.runtime.config.RetentionConfig;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatements;

/**
 * Collects facts, each by its own query within one transaction of the caller. Not thread-safe.
 *
 * <p>A fact that a control names and that is not here fails a test.
 */
final class Facts {
  /** Names that mappings may use, beside {@code llm01} to {@code llm10}. */
  static final Set<String> NAMES =
      Set.of(
          "traffic",
          "findings",
          "privacy",
          "content",
          "handling",
          "anomalies",
          "access",
          "key_changes",
          "changes",
          "audit_chain",
          "holds",
          "erasures",
          "retention",
          "logging");

  private static final String BY_DAY =
      "Sums by day (UTC) of the decision id, as GET /api/v1/statistics answers them. ";

  private final Handle handle;
  private final Period period;
  private final RetentionConfig retention;
  private final Map<String, Long> findings;
  private final Map<String, Long> totals;

  Facts(Handle handle, Period period, RetentionConfig retention) {
    this.handle = handle;
    this.period = period;
    this.retention = retention;
    this.findings = PeriodSums.findings(handle, period);
    this.totals = PeriodSums.totals(handle, period);
  }

  /**
   * A fact by its name.
   *
   * @throws IllegalArgumentException for a name that there is not
   */
  Fact of(String name) {
    return switch (name) {
      case "traffic" -> traffic();
      case "findings" -> findings();
      case "privacy" -> privacy();
      case "content" -> content();
      case "handling" -> handling();
      case "anomalies" -> anomalies();
      case "access" -> access();
      case "key_changes" -> audited("Changes of keys", " AND action LIKE 'key.%'");
      case "changes" -> audited("Changes that were noted", "");
      case "audit_chain" -> auditChain();
      case "holds" -> holds();
      case "erasures" -> erasures();
      case "retention" -> retention();
      case "logging" -> logging();
      default -> owasp(name);
    };
  }

  private Fact traffic() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    for (String sum :
        List.of(
            "exchanges",
            "flagged",
            "redacted",
            "limited",
            "blocked",
            "partial",
            "uninspected",
            "requests",
            "errors",
            "unobserved")) {
      numbers.put(sum, totals.getOrDefault(sum, 0L));
    }
    long exchanges = total("exchanges");
    if (exchanges > 0) {
      long whole = exchanges - total("partial") - total("uninspected");
      numbers.put("inspected_whole_percent", Math.round(1_000.0 * whole / exchanges) / 10.0);
    }
    return new Fact(
        "Exchanges that were inspected, and what was done",
        exchanges > 0,
        numbers,
        BY_DAY
            + "Requests that passed the gateway without the plugin's knowledge are not among"
            + " exchanges; 'uninspected' are those that the plugin saw and let pass unread.");
  }

  private long total(String sum) {
    return totals.getOrDefault(sum, 0L);
  }

  private Fact findings() {
    Map<String, Object> numbers = new LinkedHashMap<>(findings);
    return new Fact(
        "Findings by type",
        total("exchanges") > 0,
        numbers,
        BY_DAY + "Types without a finding are left out. What no detector knows is not found.");
  }

  private Fact privacy() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    for (FindingType type : List.of(FindingType.PII_DETECTED, FindingType.SECRET_LEAKAGE)) {
      numbers.put(type.label(), findings.getOrDefault(type.label(), 0L));
    }
    numbers.put("exchanges_redacted", total("redacted"));
    return new Fact(
        "Personal data and secrets that were seen, and exchanges that were redacted",
        total("exchanges") > 0,
        numbers,
        BY_DAY + "A finding may be of a request or of an answer; evidence is stored masked.");
  }

  private Fact content() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    counts(
        "SELECT 'stored_' || mode AS name, count(*) AS number FROM content WHERE day >= CAST(:from"
            + " AS date) AND day < CAST(:until AS date)"
            + tenants()
            + " GROUP BY mode ORDER BY mode",
        numbers);
    counts(
        "SELECT 'reads' AS name, count(*) AS number FROM audit WHERE action = 'content.read'"
            + " AND at_micros >= :start_micros AND at_micros < :end_micros"
            + tenants(),
        numbers);
    return new Fact(
        "Content of requests and answers that is kept, encrypted, and how often it was read",
        any(numbers),
        numbers,
        "Halves of exchanges of these days that are stored now, by mode; content has a retention of its"
            + " own. Where there are none, no route asked for it or its time is over. Reads: rows"
            + " content.read of the audit, GET /api/v1/audit.");
  }

  private Fact handling() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    counts(
        "SELECT state AS name, count(*) AS number FROM finding_states WHERE day >= CAST(:from AS"
            + " date) AND day < CAST(:until AS date)"
            + tenants()
            + " GROUP BY state ORDER BY state",
        numbers);
    return new Fact(
        "What people said of findings",
        !numbers.isEmpty(),
        numbers,
        "Rows of finding_states by the day of their finding; a finding that nobody touched has none."
            + " States go with their findings, by the class of retention.");
  }

  private Fact anomalies() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    counts(
        "SELECT type || ' ' || state AS name, count(*) AS number FROM anomalies"
            + " WHERE started_at >= :start AND started_at < :end"
            + tenants()
            + " GROUP BY type, state ORDER BY type, state",
        numbers);
    return new Fact(
        "Use out of the ordinary, by type and state",
        !numbers.isEmpty(),
        numbers,
        "GET /api/v1/anomalies by when they began. None are told of the first week of a tenant.");
  }

  private Fact access() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    String active = " WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())";
    String own = period.tenants() == null ? "" : " AND tenants <@ CAST(:tenants AS text[])";
    counts(
        "SELECT 'active_' || role AS name, count(*) AS number FROM api_keys"
            + active
            + own
            + " GROUP BY role ORDER BY role",
        numbers);
    counts(
        "SELECT 'active_without_end' AS name, count(*) AS number FROM api_keys"
            + active
            + " AND expires_at IS NULL"
            + own,
        numbers);
    return new Fact(
        "API keys now, by role",
        numbers.size() > 1,
        numbers,
        "Keys of these tenants alone, as they are at this moment; keys of all tenants only in a report"
            + " of all. People of an identity provider are kept there and not listed here.");
  }

  private Fact audited(String title, String which) {
    Map<String, Object> numbers = new LinkedHashMap<>();
    counts(
        "SELECT action AS name, count(*) AS number FROM audit WHERE at_micros >= :start_micros"
            + " AND at_micros < :end_micros"
            + which
            + tenants()
            + " GROUP BY action ORDER BY action",
        numbers);
    return new Fact(
        title,
        !numbers.isEmpty(),
        numbers,
        "Rows of the audit by action, GET /api/v1/audit. What belongs to no tenant or to several stands"
            + " in a report of all tenants alone.");
  }

  private Fact auditChain() {
    if (period.tenants() != null) {
      return new Fact(
          "Whether the audit is whole",
          false,
          Map.of("checked", "no"),
          "The chain is one over all tenants: a report of all of them checks it, as GET"
              + " /api/v1/audit/verify does.");
    }
    AuditChain.Verdict verdict = Audit.verify(handle, null);
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("checked", "yes");
    numbers.put("intact", verdict.intact() ? "yes" : "no");
    numbers.put("entries", verdict.entries());
    numbers.put("head", verdict.head().toString());
    return new Fact(
        "Whether the audit is whole",
        verdict.entries() > 0,
        numbers,
        "Every row's hash and that of the row before it. That the last rows are gone shows only against"
            + " a head that was noted elsewhere.");
  }

  private Fact holds() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    counts(
        "SELECT 'active_now' AS name, count(*) AS number FROM holds WHERE ended_at IS NULL"
            + tenants()
            + " UNION ALL SELECT 'made', count(*) FROM holds WHERE created_at >= :start"
            + " AND created_at < :end"
            + tenants()
            + " UNION ALL SELECT 'ended', count(*) FROM holds WHERE ended_at >= :start"
            + " AND ended_at < :end"
            + tenants(),
        numbers);
    return new Fact(
        "Legal holds", any(numbers), numbers, "GET /api/v1/holds; made and ended in this time.");
  }

  private Fact erasures() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    String asked =
        " FROM erasures WHERE requested_at >= :start AND requested_at < :end" + tenants();
    counts(
        "SELECT 'requested' AS name, count(*) AS number"
            + asked
            + " UNION ALL SELECT 'done_with_receipt', count(*)"
            + asked
            + " AND receipt IS NOT NULL UNION ALL SELECT 'pending', count(*)"
            + asked
            + " AND done_at IS NULL",
        numbers);
    return new Fact(
        "Erasures of data subjects",
        any(numbers),
        numbers,
        "GET /api/v1/erasures, by when they were asked for. Dumps that were made before still have"
            + " the subject.");
  }

  private static boolean any(Map<String, Object> numbers) {
    return numbers.values().stream().anyMatch(each -> each instanceof Long l && l > 0);
  }

  private Fact retention() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("days_short", retention.shortDays());
    numbers.put("days_standard", retention.standardDays());
    numbers.put("days_long", retention.longDays());
    counts(
        "SELECT 'tenants_' || coalesce(settings->>'retention', 'standard') AS name,"
            + " count(*) AS number FROM tenants WHERE true"
            + (period.tenants() == null ? "" : " AND id = ANY(:tenants)")
            + " GROUP BY 1 ORDER BY 1",
        numbers);
    return new Fact(
        "How long exchanges are kept, and tenants by class",
        true,
        numbers,
        "As it is set now: control_plane.retention and the tenants' setting. A tenant that is not listed"
            + " has the class standard.");
  }

  private Fact logging() {
    Map<String, Object> numbers = new LinkedHashMap<>();
    long days = ChronoUnit.DAYS.between(period.from(), period.until());
    long used = PeriodSums.daysWithUse(handle, period);
    numbers.put("days", days);
    numbers.put("days_with_records", used);
    numbers.put("days_without_records", days - used);
    numbers.put("exchanges_without_an_end", total("unobserved"));
    return new Fact(
        "Whether records are there for each day",
        used > 0,
        numbers,
        BY_DAY
            + "A day without records had no traffic, or no plugin that could report: the two look alike"
            + " here. What plugins lost counts llmtrace_events_lost_total at /metrics.");
  }

  private Fact owasp(String name) {
    String category = name.toUpperCase(Locale.ROOT);
    if (!category.matches("LLM(0[1-9]|10)")) {
      throw new IllegalArgumentException("unknown fact '" + name + "'");
    }
    Map<String, Object> numbers = new LinkedHashMap<>();
    for (FindingType type : FindingType.values()) {
      if (type.owasp().startsWith(category + ":")) {
        numbers.put(type.label(), findings.getOrDefault(type.label(), 0L));
      }
    }
    return new Fact(
        "Findings of the types that stand for " + category,
        !numbers.isEmpty() && total("exchanges") > 0,
        numbers,
        BY_DAY
            + "That a type has none says that its detectors found none in what was inspected, not that"
            + " there was none.");
  }

  private String tenants() {
    return period.tenants() == null ? "" : " AND tenant = ANY(:tenants)";
  }

  private void counts(String sql, Map<String, Object> into) {
    try (Query query = handle.createQuery(sql)) {
      var start = period.from().atStartOfDay().atOffset(ZoneOffset.UTC);
      var end = period.until().atStartOfDay().atOffset(ZoneOffset.UTC);
      // Each statement names those of these that it needs.
      query
          .configure(SqlStatements.class, config -> config.setUnusedBindingAllowed(true))
          .bind("from", period.from().toString())
          .bind("until", period.until().toString())
          .bind("start", start)
          .bind("end", end)
          .bind("start_micros", start.toEpochSecond() * 1_000_000)
          .bind("end_micros", end.toEpochSecond() * 1_000_000)
          .bindArray(
              "tenants", String.class, period.tenants() == null ? List.of() : period.tenants());
      query
          .map((row, context) -> Map.entry(row.getString("name"), row.getLong("number")))
          .forEach(entry -> into.put(entry.getKey(), entry.getValue()));
    }
  }
}
