package io.llmtrace.cli.chaos;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * A fault with what is expected of it.
 *
 * @param name as in {@code --faults}, tables and JSON
 * @param group what is faulty; a sample takes from each
 * @param what happens, for a reader
 * @param need what the machine must have
 * @param hold how long it lasts
 * @param seconds that it takes with its start, recovery and settlement, on two cores
 * @param injection puts it in; a new one for each run
 * @param expectation what it may do
 */
record Fault(
    String name,
    Group group,
    String what,
    Machine.Need need,
    Duration hold,
    int seconds,
    Supplier<Injection> injection,
    Expectation expectation) {

  /** What is faulty. */
  enum Group {
    UPGRADE,
    PLUGIN,
    CONTROL_PLANE,
    DATABASE,
    STORAGE,
    GATEWAY,
    PROVIDER,
    MACHINE,
    PAIR
  }
}
