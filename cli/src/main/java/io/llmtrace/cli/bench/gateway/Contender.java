package io.llmtrace.cli.bench.gateway;

import io.llmtrace.testkit.gateway.TestGateway;

/** A process, a gateway in front of it, and clients in front of that. */
record Contender(Subject subject, TestGateway gateway, HttpLoad load) {
  String name() {
    return subject.name();
  }
}
