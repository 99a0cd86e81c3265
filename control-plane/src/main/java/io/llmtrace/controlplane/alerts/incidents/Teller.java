package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.incidents.IncidentMachine.Told;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Notes what happened to incidents, and hands it on to be told. Thread-safe. */
final class Teller {
  private final Map<String, AlertRule> rules;
  private final AlertDesk.Parts parts;
  private final Supplier<IncidentLinks> links;

  Teller(AlertDesk.Parts parts, Supplier<IncidentLinks> links) {
    this.rules = byName(parts.rules());
    this.parts = parts;
    this.links = links;
  }

  private static Map<String, AlertRule> byName(Collection<AlertRule> rules) {
    return rules.stream()
        .collect(Collectors.toUnmodifiableMap(AlertRule::name, Function.identity()));
  }

  /** A rule; one that is no longer configured ends its incidents with the next look. */
  AlertRule rule(String name) {
    AlertRule known = rules.get(name);
    return known != null
        ? known
        : new AlertRule(
            name,
            Severity.INFO,
            List.of(),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            "",
            "",
            Set.of());
  }

  /** A step that is to be told, in the transaction that stored its incident. */
  void tell(Handle handle, Told told, Instant at, @Nullable String by, @Nullable String comment) {
    Set<String> to =
        told.channels().stream()
            .filter(name -> told.kind() != Kind.RESOLVED || parts.routes().tellsEnds(name))
            .collect(Collectors.toSet());
    Notice notice =
        parts.notices().of(told, rule(told.incident().rule()), links.get(), at, by, comment);
    to.stream().sorted().forEach(channel -> parts.telling().tell(handle, channel, notice));
    IncidentStore.note(
        handle,
        told.incident(),
        new IncidentStore.Event(at, told.kind().label(), notice.number(), by, comment, to));
  }

  /** Something that is told to nobody. */
  void note(
      Handle handle,
      Incident incident,
      String kind,
      Instant at,
      @Nullable String by,
      @Nullable String comment) {
    IncidentStore.note(
        handle, incident, new IncidentStore.Event(at, kind, null, by, comment, Set.of()));
  }
}
