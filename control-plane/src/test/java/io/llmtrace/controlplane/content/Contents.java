package io.llmtrace.controlplane.content;

import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.ContentText;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Content as plugins send it. */
final class Contents {
  /** Stands in every text, and must stand nowhere else. */
  static final String MARKER = "lighthouse-marker-7731";

  private static final AtomicLong NUMBERS = new AtomicLong();

  private Contents() {}

  static LocalDate day(int daysAgo) {
    return LocalDate.now(ZoneOffset.UTC).minusDays(daysAgo);
  }

  /** An id of noon of a day. */
  static String id(int daysAgo) {
    return Ulid.of(
        day(daysAgo).atTime(12, 0).toInstant(ZoneOffset.UTC).toEpochMilli(),
        9,
        NUMBERS.incrementAndGet());
  }

  static ContentRecord request(String id, String tenant) {
    return of(id, tenant, ContentPart.REQUEST, "alice");
  }

  static ContentRecord of(String id, String tenant, ContentPart part, String consumer) {
    return new ContentRecord(
        id,
        part,
        1_772_409_599_000L,
        tenant,
        "chat",
        consumer,
        "bot",
        CaptureMode.REDACTED,
        List.of(
            new ContentText(
                Zone.USER, "user", "/messages/0/content", "Say " + MARKER + " to all", "", 0)),
        "",
        0);
  }
}
