package io.llmtrace.controlplane.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestControlPlane.Extension.class)
class ExportTest {
  private static final int DAYS = 8;

  private static TestControlPlane plane;

  @BeforeAll
  static void take(TestControlPlane given) {
    plane = given;
  }

  @Test
  void twentyThousandRowsGoOutOnceAndInOrder() throws Exception {
    generate("many", 20_000);
    read(plane.service().port(), "/exchanges/export?tenant=many&order=oldest", 20_000);
    read(plane.service().port(), "/exchanges/export?tenant=many&format=csv", 20_001);
    read(plane.service().port(), "/findings/export?tenant=many&format=ocsf", 20_000);
    assertThat(
            plane.query(
                "SELECT string_agg(after, ' ') FROM audit WHERE action = 'exchanges.export'"))
        .contains("{\"format\":\"csv\",\"filter\":{\"format\":\"csv\",\"tenant\":\"many\"}}");
  }

  @Test
  @Tag("long")
  void aMillionRowsNeedNoHeap(@TempDir Path directory) throws Exception {
    generate("million", 1_000_000);
    String url = plane.url();
    Process small =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx100m",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                SmallControlPlane.class.getName(),
                directory.toString(),
                url.substring(0, url.indexOf('?')))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      int port =
          small
              .inputReader()
              .lines()
              .filter(line -> line.startsWith("PORT "))
              .mapToInt(line -> Integer.parseInt(line.substring(5)))
              .findFirst()
              .orElseThrow();
      Thread drain = new Thread(() -> small.inputReader().lines().forEach(line -> {}));
      drain.setDaemon(true);
      drain.start();
      for (int i = 0; i < 600 && status(port, "/readyz") != 200; i++) {
        Thread.sleep(100);
      }
      for (String export :
          List.of(
              "/exchanges/export?tenant=million&order=oldest",
              "/exchanges/export?tenant=million&format=csv",
              "/findings/export?tenant=million&format=ocsf")) {
        long start = System.nanoTime();
        read(port, export, export.contains("csv") ? 1_000_001 : 1_000_000);
        System.out.printf(
            "%s: %.1f s, -Xmx100m%n", export, (System.nanoTime() - start) / 1_000_000_000.0);
      }
    } finally {
      small.outputWriter().close();
      small.waitFor();
    }
  }

  @Test
  void noCellBeginsAFormula() throws Exception {
    String id = new Ulid().next();
    new StoredRows(plane)
        .exchange(id, "cells", "=cmd|' /C calc'!A0", "\"consumer\":\"a,\\\"b\\\"\\n@x\"")
        .finding(id, "cells", "request", 1, "jailbreak", "high", "-1+1, said \"he\"");
    String csv = call("/exchanges/export?tenant=cells&format=csv").body();
    assertThat(csv)
        .startsWith("\"decision_id\",\"at\",\"tenant\",\"route\"")
        .contains(",\"'=cmd|' /C calc'!A0\",\"a,\"\"b\"\"\n@x\",")
        .contains("\r\n");
    assertThat(call("/findings/export?tenant=cells&format=csv").body())
        .contains(",\"'-1+1, said \"\"he\"\"\",");
    for (String cell : List.of("=1", "+1", "-1", "@a", " =1", "\t=1", "\r1", "\uff1d1")) {
      assertThat(Csv.safe(cell)).isEqualTo("'" + cell);
    }
    for (String cell : List.of("", "a=1", "1-1", "plain")) {
      assertThat(Csv.safe(cell)).isEqualTo(cell);
    }
  }

  @Test
  void itIsPackedWhereThatIsAccepted() throws Exception {
    String id = new Ulid().next();
    new StoredRows(plane).exchange(id, "packed", "r", "");
    HttpResponse<InputStream> packed =
        stream(plane.service().port(), "/exchanges/export?tenant=packed", "br, gzip;q=0.5");
    assertThat(packed.headers().firstValue("Content-Encoding")).hasValue("gzip");
    String line =
        new String(new GZIPInputStream(packed.body()).readAllBytes(), StandardCharsets.UTF_8);
    assertThat(WireJson.mapper().readTree(line).path("decision_id").asText()).isEqualTo(id);
    HttpResponse<InputStream> plain =
        stream(plane.service().port(), "/exchanges/export?tenant=packed", "gzip;q=0");
    assertThat(plain.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(new String(plain.body().readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(line);
  }

  @Test
  void whatIsWrongIsSaidBeforeTheFirstRow() throws Exception {
    for (String wrong :
        List.of(
            "/exchanges/export?format=ocsf",
            "/exchanges/export?format=csv&fields=tenant",
            "/exchanges/export?limit=1",
            "/exchanges/export?status=1",
            "/findings/export?format=xml",
            "/findings/export?q=%2B")) {
      assertThat(call(wrong).statusCode()).as(wrong).isEqualTo(400);
    }
    assertThat(
            plane
                .call(
                    "GET",
                    "/api/v1/exchanges/export",
                    plane.key("viewer", TestControlPlane.OWN),
                    null)
                .statusCode())
        .isEqualTo(403);
  }

  @Test
  void whoIsOfOneTenantExportsThatOne() throws Exception {
    String own = new Ulid().next();
    String foreign = new Ulid().next();
    new StoredRows(plane)
        .exchange(own, TestControlPlane.OWN, "r", "")
        .exchange(foreign, TestControlPlane.FOREIGN, "r", "");
    String lines =
        plane
            .call(
                "GET",
                "/api/v1/exchanges/export?fields=decision_id",
                plane.key("operator", TestControlPlane.OWN),
                null)
            .body();
    assertThat(lines).contains(own).doesNotContain(foreign);
  }

  @Test
  void slowReadersLeaveTheDatabaseToOthers() throws Exception {
    generate("slow-readers", 40_000);
    List<Socket> readers = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        keys.add(plane.key("analyst", "*"));
        readers.add(reader("/exchanges/export?tenant=slow-readers", keys.get(i)));
      }
      for (List<String> refused :
          List.of(
              List.of("/api/v1/findings/export", keys.get(0), "another export of this key"),
              List.of("/api/v1/findings/export", plane.admin(), "too many exports at once"),
              List.of("/api/v1/audit/export", plane.admin(), "too many exports at once"))) {
        HttpResponse<String> answer = plane.call("GET", refused.get(0), refused.get(1), null);
        assertThat(answer.statusCode()).as(refused.get(0)).isEqualTo(429);
        assertThat(answer.headers().firstValue("Retry-After")).hasValue("10");
        assertThat(answer.body()).contains(refused.get(2));
      }
      for (int i = 0; i < 20; i++) {
        assertThat(call("/exchanges?limit=1").statusCode()).isEqualTo(200);
      }
    } finally {
      for (Socket reader : readers) {
        reader.close();
      }
    }
    for (String path : List.of("/api/v1/audit/export", "/api/v1/findings/export?tenant=none")) {
      Await.until(
          Duration.ofSeconds(60),
          () -> plane.call("GET", path, plane.admin(), null).statusCode() == 200);
    }
  }

  /** A client that takes the first bytes of an answer and no more of it. */
  private static Socket reader(String path, String key) throws Exception {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.setSoTimeout(30_000);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), plane.service().port()));
    socket
        .getOutputStream()
        .write(
            "GET /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
                .formatted(path, key)
                .getBytes(StandardCharsets.US_ASCII));
    byte[] first = socket.getInputStream().readNBytes(12);
    assertThat(new String(first, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
    return socket;
  }

  private static HttpResponse<String> call(String path) throws Exception {
    return plane.call("GET", "/api/v1" + path, plane.admin(), null);
  }

  private static int status(int port, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private static HttpResponse<InputStream> stream(int port, String path, String encoding)
      throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
                .header("Authorization", "Bearer " + plane.admin())
                .header("Accept-Encoding", encoding)
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
  }

  /** Reads an export to its end: how many lines it has, and that none comes twice. */
  private static void read(int port, String path, int expected) throws Exception {
    HttpResponse<InputStream> answer = stream(port, path, "gzip");
    assertThat(answer.statusCode()).isEqualTo(200);
    int lines = 0;
    String before = "";
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(answer.body(), 1 << 16), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        assertThat(line).isNotEqualTo(before);
        if (path.contains("order=oldest")) {
          JsonNode item = lines % 1_000 == 0 ? WireJson.mapper().readTree(line) : null;
          if (item != null) {
            assertThat(item.path("decision_id").asText()).isGreaterThan(before);
            before = item.path("decision_id").asText();
          }
        } else {
          before = line;
        }
        lines++;
      }
    }
    assertThat(lines).isEqualTo(expected);
  }

  /** Exchanges with completions and a finding each, over some days, written by the database. */
  private static void generate(String tenant, int count) throws Exception {
    for (int i = 0; i < DAYS; i++) {
      LocalDate day = LocalDate.parse("2026-07-01").plusDays(i);
      long millis = day.atTime(12, 0).toInstant(ZoneOffset.UTC).toEpochMilli();
      String prefix =
          Ulid.of(millis + tenant.length(), 0, 0).substring(0, 10) + tenant.length() % 10;
      plane.sql("SELECT llmtrace_partition('hold', '" + day + "')");
      String each =
          " FROM (SELECT '%s' || lpad(n::text, 15, '0') AS id, n FROM generate_series(1, %d) n) g"
              .formatted(prefix, count / DAYS);
      String key = "SELECT id, DATE '" + day + "', 'hold', ";
      plane.sql(
          "INSERT INTO exchanges (decision_id, day, retention, at, node, tenant, route, consumer,"
              + " agent, provider, model, dialect, outcome, findings, tap, record) "
              + key
              + "%d + n, 'n', '%s', 'r', '', '', 'openai', 'm', 'openai_chat', 'flag', 1, true,"
                  .formatted(millis, tenant)
              + " jsonb_build_object('decision_id', id, 'decision', jsonb_build_object('action',"
              + " 'flag'), 'receipt', jsonb_build_object('coverage', 'inspected', 'bytes', n))"
              + each);
      plane.sql(
          "INSERT INTO completions (decision_id, day, retention, at, node, tenant, status,"
              + " latency_ms, cost_usd, record) "
              + key
              + "1, 'n', '%s', 200, n %% 700, 0.1, jsonb_build_object('status', 200)"
                  .formatted(tenant)
              + each);
      plane.sql(
          "INSERT INTO findings (decision_id, day, retention, origin, place, at, tenant, route,"
              + " type, severity, confidence, evidence, record) "
              + key
              + "'request', 1, %d, '%s', 'r', 'jailbreak', 'high', 0.9, 'e',"
                  .formatted(millis, tenant)
              + " '{\"type\":\"jailbreak\",\"severity\":\"high\",\"confidence\":0.9,"
              + "\"evidence\":\"e\",\"zone\":\"user\"}'"
              + each);
    }
    plane.sql("ANALYZE exchanges, completions, findings");
  }
}
