package io.llmtrace.cli.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a fault may do. What is not named here may not happen: a client error of another kind, a
 * reason not to inspect, a loss. Of no fault may a record be doubled, an exchange be unaccounted
 * for, or an attack pass that was inspected. Immutable.
 *
 * @param errors what clients may see
 * @param reasons why exchanges may be uninspected or partly inspected
 * @param losses reasons for which records may be lost and counted
 * @param mustLose whether records must be lost, as the fault destroys them
 * @param unlogged whether the gateway's log of some exchanges may be missing
 * @param addedMillis that the 95th percentile may be later than before; on a machine where it was
 *     longer before, it may double
 * @param recovery longest time from the end of the fault until an attack is blocked and recorded
 */
record Expectation(
    Set<ClientError> errors,
    Set<String> reasons,
    Set<String> losses,
    boolean mustLose,
    boolean unlogged,
    int addedMillis,
    Duration recovery) {

  /** The chaos' recovery_timeout_ms and five seconds. */
  static final Duration RECOVERY = Duration.ofSeconds(7);

  private static final int UNNOTICED_MILLIS = 150;

  Expectation {
    errors = Set.copyOf(errors);
    reasons = Set.copyOf(reasons);
    losses = Set.copyOf(losses);
  }

  /** Traffic does not notice, everything is inspected, nothing is lost. */
  static Expectation unnoticed() {
    return new Expectation(Set.of(), Set.of(), Set.of(), false, false, UNNOTICED_MILLIS, RECOVERY);
  }

  Expectation errors(ClientError... more) {
    return new Expectation(
        Set.of(more), reasons, losses, mustLose, unlogged, addedMillis, recovery);
  }

  Expectation reasons(String... more) {
    return new Expectation(errors, Set.of(more), losses, mustLose, unlogged, addedMillis, recovery);
  }

  /** Some records are lost, and counted under this reason. */
  Expectation loses(String... more) {
    return new Expectation(errors, reasons, Set.of(more), true, unlogged, addedMillis, recovery);
  }

  /** Some records may be lost, and are counted under this reason. */
  Expectation mayLose(String... more) {
    return new Expectation(errors, reasons, Set.of(more), false, unlogged, addedMillis, recovery);
  }

  Expectation withoutLog() {
    return new Expectation(errors, reasons, losses, mustLose, true, addedMillis, recovery);
  }

  /** The fault holds requests for as long as it lasts; so much later may answers be. */
  Expectation adds(Duration most) {
    return new Expectation(
        errors, reasons, losses, mustLose, unlogged, (int) most.toMillis(), recovery);
  }

  /** What is recorded comes behind what was recorded before. */
  Expectation recovers(Duration most) {
    return new Expectation(errors, reasons, losses, mustLose, unlogged, addedMillis, most);
  }

  /** As a reader of the table reads it. */
  String text() {
    List<String> errorNames = errors.stream().map(ClientError::label).sorted().toList();
    StringBuilder text = new StringBuilder();
    text.append("client errors: ").append(errorNames.isEmpty() ? "none" : join(errorNames));
    text.append("; not inspected: ").append(reasons.isEmpty() ? "none" : join(sorted(reasons)));
    text.append("; lost: ");
    if (losses.isEmpty()) {
      text.append("none");
    } else {
      text.append(mustLose ? "some, as " : "none, or some as ").append(join(sorted(losses)));
    }
    if (unlogged) {
      text.append("; some exchanges have no log of the gateway");
    }
    return text.append("; p95 at most +").append(addedMillis).append(" ms").toString();
  }

  private static List<String> sorted(Set<String> names) {
    return List.copyOf(new TreeSet<>(names));
  }

  private static String join(List<String> names) {
    return String.join(", ", names);
  }
}
