package io.llmtrace.cli.bench.gateway;

import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is run.
 *
 * @param directory an empty one
 * @param stockRunner the stock runner's jar, or null to leave it out
 * @param rounds of throughput, of each contender
 * @param pairs of latency
 * @param seconds of a round
 * @param parts what is measured of all that can be
 */
record BenchPlan(
    Path directory,
    @Nullable Path stockRunner,
    int rounds,
    int pairs,
    double seconds,
    Set<Part> parts) {

  boolean has(Part part) {
    return parts.contains(part);
  }

  /** A part of the bench that can be run without the others. */
  enum Part {
    /** As many requests as are answered through a gateway. */
    THROUGHPUT,
    /** Processor time and memory of a call straight on the socket. */
    SOCKET,
    /** What is added to latency at half load. */
    LATENCY,
    /** New texts without ONNX, and twice the load that can be carried. */
    OVERLOAD,
    /** Bodies of 1 and 15 MiB. */
    BODIES
  }
}
