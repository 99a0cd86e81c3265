package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** Valid requests for each operation, with who may send them. */
public final class ApiSamples {
  private final TestControlPlane plane;
  private final WalkSamples samples;
  private final Ulid ids = new Ulid();
  private String instance = "";

  public ApiSamples(TestControlPlane plane) {
    this.plane = plane;
    this.samples = new WalkSamples(plane);
  }

  /** Stores an exchange with findings of a tenant; its id. */
  public String fill(String tenant) throws Exception {
    String id = ids.next();
    Batch batch =
        new Batch(
            Batch.SCHEMA,
            "samples",
            ids.next(),
            1,
            List.of(
                Records.inspection(
                    id,
                    Records.Who.tenant(tenant),
                    Action.FLAG,
                    Coverage.INSPECTED,
                    List.of(Records.finding(FindingType.JAILBREAK, Severity.HIGH))),
                Records.completion(id)));
    HttpResponse<String> stored =
        plane.call(
            "POST",
            "/api/v1/ingest/batches",
            instance(),
            WireJson.mapper().writeValueAsString(batch));
    assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
    return id;
  }

  /** A path that concerns a tenant. */
  public String path(ApiOperation operation, String tenant) throws Exception {
    return sample(operation, tenant).path();
  }

  /** A key that may. */
  public String key(ApiOperation operation) throws Exception {
    return operation.requires() != null
            && operation.requires().value() == Permission.TELEMETRY_WRITE
        ? instance()
        : plane.admin();
  }

  /** Sends a valid request. */
  public HttpResponse<String> send(ApiOperation operation, String tenant, String... headers)
      throws Exception {
    WalkSamples.Sample sample = sample(operation, tenant);
    return plane.call(
        operation.verb(),
        sample.path(),
        key(operation),
        sample.body(),
        Stream.of(sample.headers(), headers).flatMap(Stream::of).toArray(String[]::new));
  }

  private WalkSamples.Sample sample(ApiOperation operation, String tenant) throws Exception {
    return samples.of(operation, tenant);
  }

  /** The replay of a batch that is set aside for it. */
  WalkSamples.Sample setAside() throws Exception {
    String batch =
        "{\"schema\":1,\"node\":\"samples\",\"boot_id\":\"b\",\"sequence\":1,\"records\":[]}";
    plane.sql(
        "INSERT INTO set_aside_batches (key_id, node, boot_id, sequence, reason, records, body)"
            + " VALUES ('k', 'samples', 'b', 1, 'refused', 0, decode('%s', 'hex'))"
                .formatted(HexFormat.of().formatHex(gzip(batch))));
    return new WalkSamples.Sample(
        "/api/v1/ingest/set-aside/"
            + plane.query("SELECT max(id) FROM set_aside_batches")
            + "/replay",
        "");
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  private String instance() throws Exception {
    if (instance.isEmpty()) {
      instance = plane.key("instance", "*");
    }
    return instance;
  }
}
