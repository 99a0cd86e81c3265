package io.llmtrace.controlplane.alerts.delivery;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jdbi.v3.core.Handle;

/** The time that all replicas schedule by: the database's. */
interface DatabaseTime {
  DatabaseTime REAL =
      handle ->
          handle
              .createQuery("SELECT clock_timestamp()")
              .mapTo(OffsetDateTime.class)
              .one()
              .toInstant();

  Instant now(Handle handle);

  /** As statements take it. */
  static OffsetDateTime bound(Instant time) {
    return time.atOffset(ZoneOffset.UTC);
  }
}
