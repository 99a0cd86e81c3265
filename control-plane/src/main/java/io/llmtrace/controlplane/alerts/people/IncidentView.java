package io.llmtrace.controlplane.alerts.people;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.llmtrace.controlplane.alerts.incidents.Incident;
import io.llmtrace.controlplane.alerts.incidents.Notices;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.http.Revision;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An incident as the API shows it.
 *
 * @param rule name of its rule
 * @param tenant whose it is; absent where it is of the whole installation
 * @param labels what it is about
 * @param state pending, firing, acknowledged or resolved
 * @param severity the worst so far
 * @param title one line
 * @param summary what its rule saw last, in words
 * @param value measured last, in {@code unit}
 * @param threshold what it is measured against
 * @param peak the highest value
 * @param counts totals of the rule's window when the value was highest
 * @param since its rule has held, epoch milliseconds
 * @param firedAt it began to be an incident, the last time; absent while it is pending
 * @param endedAt epoch milliseconds; absent while it goes on
 * @param acknowledgedBy who has it; absent while nobody does
 * @param acknowledgedAt epoch milliseconds
 * @param resolvedBy who ended it; absent where it ended by itself
 * @param mutedBy {@code silence:ID} or {@code incident:ID}; absent where it is told
 * @param reopened how often it began again
 * @param notices how many were made
 * @param channels that were told
 * @param revision of all of it
 */
public record IncidentView(
    String id,
    String rule,
    @Nullable String tenant,
    Map<String, String> labels,
    String state,
    String severity,
    String title,
    String summary,
    double value,
    double threshold,
    double peak,
    String unit,
    Map<String, Long> counts,
    List<Notice.Sample> samples,
    long since,
    @Nullable Long firedAt,
    @Nullable Long endedAt,
    @Nullable String acknowledgedBy,
    @Nullable Long acknowledgedAt,
    @Nullable String resolvedBy,
    @Nullable String mutedBy,
    int reopened,
    long notices,
    List<String> channels,
    long revision) {

  static IncidentView of(Incident incident) {
    Incident.Seen seen = incident.seen();
    return new IncidentView(
        incident.id(),
        incident.rule(),
        incident.tenant(),
        incident.labels(),
        incident.state().label(),
        incident.severity().label(),
        Notices.title(incident),
        seen.summary(),
        seen.value(),
        seen.threshold(),
        seen.peak(),
        seen.unit(),
        seen.counts(),
        seen.samples(),
        incident.times().since().toEpochMilli(),
        millis(incident.times().firedAt()),
        millis(incident.times().endedAt()),
        incident.handling().acknowledgedBy(),
        millis(incident.handling().acknowledgedAt()),
        incident.handling().resolvedBy(),
        incident.handling().mutedBy(),
        incident.handling().reopened(),
        incident.telling().number(),
        incident.telling().channels().stream().sorted().toList(),
        incident.revision());
  }

  static @Nullable Long millis(@Nullable Instant instant) {
    return instant == null ? null : (Long) instant.toEpochMilli();
  }

  @JsonIgnore
  Revision tag() {
    return new Revision(revision);
  }

  /** What of it the audit keeps. */
  @JsonIgnore
  Map<String, String> audited() {
    return Map.of("state", state, "rule", rule);
  }
}
