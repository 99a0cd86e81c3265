package io.llmtrace.cli.chaos;

import java.util.Locale;

/** What a client can see that is neither its answer nor the refusal of an attack. */
enum ClientError {
  /** No connection to the gateway, or it broke before an answer. */
  CONNECTION,
  /** An answer that ends in the middle. */
  CUT,
  /** The gateway found no provider: 502 or 504. */
  NO_PROVIDER,
  /** 503 of a route that lets nothing pass without the plugin. */
  CLOSED_ROUTE,
  /** No answer within the client's own time. */
  LATE,
  /** A good request that was refused. */
  REFUSED,
  /** Any other status. */
  OTHER;

  /** As in tables and JSON. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
