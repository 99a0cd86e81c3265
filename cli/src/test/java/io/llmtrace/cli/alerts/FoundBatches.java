package io.llmtrace.cli.alerts;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;

/** Batches of one node in which every exchange has findings. Thread-safe. */
final class FoundBatches {
  private final Ulid ids = new Ulid();
  private final AtomicLong sequence = new AtomicLong();

  /** A packed batch with an exchange for each route. */
  byte[] of(List<String> routes, int findingsEach) throws IOException {
    List<TelemetryRecord> records = new ArrayList<>();
    for (String route : routes) {
      records.add(inspection(route, findingsEach));
    }
    Batch batch = new Batch(Batch.SCHEMA, "node", "boot", sequence.incrementAndGet(), records);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(WireJson.mapper().writeValueAsBytes(batch));
    }
    return out.toByteArray();
  }

  private InspectionRecord inspection(String route, int findings) {
    return new InspectionRecord(
        ids.next(),
        System.currentTimeMillis(),
        "0af7651916cd43dd8448eb211c80319c",
        "acme",
        route,
        "",
        "POST",
        "/v1/chat/completions",
        Dialect.OPENAI_CHAT,
        "openai",
        "gpt-4o",
        false,
        new Decision(Action.FLAG, Action.FLAG, Mode.ENFORCE, "p", "r", 0, "prompt_injection"),
        Collections.nCopies(
            findings,
            new Finding(
                FindingType.PROMPT_INJECTION,
                Severity.HIGH,
                0.9,
                Zone.USER,
                "/messages/0/content",
                0,
                3,
                "signatures",
                "pi-001",
                "***")),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 10, List.of()),
        Map.of("total", 900L),
        true,
        "",
        0,
        "");
  }
}
