package io.llmtrace.controlplane.alerts.rules;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** A rule that can look. Thread-safe. */
interface Watch {
  /** What of the data a watch looks at. */
  enum Source {
    SUMS,
    FINDINGS,
    NODES,
    BUDGETS,
    ANOMALIES,
    CHANNELS
  }

  AlertRule rule();

  Set<Source> sources();

  /** Says what it sees; nothing of what is clear and has nothing to tell. */
  void look(Look look, Consumer<Observation> to);

  /** What it has to know of earlier looks. */
  default List<Recent.Seen> asks(Look look) {
    return List.of();
  }
}
