/**
 * Faults of a network between two processes that speak TCP. A {@link
 * io.llmtrace.testkit.faults.FaultProxy} stands before a server; bytes come in from its clients, go
 * on to the server and back as its {@link io.llmtrace.testkit.faults.Weather} says, which tests and
 * the fault matrix change while traffic flows.
 */
@NullMarked
package io.llmtrace.testkit.faults;

import org.jspecify.annotations.NullMarked;
