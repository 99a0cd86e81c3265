package io.llmtrace.controlplane.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.ApiSamples;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.access.Permission;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Whatever is sent, no answer is a 5xx, and every refusal is a problem. The requests are made of
 * the OpenAPI document, so that a new operation is tried as soon as it is there.
 */
@ExtendWith(TestControlPlane.Extension.class)
class HostileRequestsTest {
  private static final int SILENT = 60_000;
  private static final int LEAST_ROUNDS = 6;
  private static final String TENANT = "fuzz";

  @Test
  void noRequestIsAnsweredWithAFault(TestControlPlane plane) throws Exception {
    tryAll(plane, 20_261_129, Duration.ofSeconds(20), 1_500);
  }

  @Test
  @Tag("long")
  void noneOfManyRequestsIsAnsweredWithAFault(TestControlPlane plane) throws Exception {
    tryAll(plane, System.nanoTime(), Duration.ofMinutes(5), 200_000);
  }

  private static void tryAll(TestControlPlane plane, long seed, Duration time, int most)
      throws Exception {
    JsonNode document = TestControlPlane.json(plane.call("GET", "/api/v1/openapi.json", "", null));
    plane.call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + TENANT + "\"}");
    String admin = plane.key("admin", "*");
    String instance = plane.key("instance", TENANT);
    ApiSamples samples = new ApiSamples(plane);
    Map<String, String> ids = new HashMap<>();
    for (ApiOperation operation : plane.service().operations()) {
      if (operation.path().contains("{")) {
        String path = samples.path(operation, TENANT);
        int before = operation.path().indexOf('{');
        int after = operation.path().length() - operation.path().indexOf('}') - 1;
        ids.put(operation.path(), path.substring(before, path.length() - after));
      }
    }
    HostileRequests requests = new HostileRequests(seed, document, ids);
    List<String> faults = new ArrayList<>();
    Map<Integer, Integer> statuses = new TreeMap<>();
    long end = System.nanoTime() + time.toNanos();
    int sent = 0;
    // However slow the machine is, each operation is tried several times.
    int least = plane.service().operations().size() * LEAST_ROUNDS;
    while (sent < least || (System.nanoTime() < end && sent < most)) {
      for (ApiOperation operation : plane.service().operations()) {
        JsonNode node =
            document
                .path("paths")
                .path(operation.path())
                .path(operation.verb().toLowerCase(Locale.ROOT));
        boolean ofInstances =
            operation.requires() != null
                && operation.requires().value() == Permission.TELEMETRY_WRITE;
        byte[] request =
            requests.of(operation.verb(), operation.path(), node, ofInstances ? instance : admin);
        String answer = answer(plane.service().port(), request);
        sent++;
        int status = status(answer);
        statuses.merge(status, 1, Integer::sum);
        boolean ours = answer.contains("X-Request-Id");
        boolean plainRefusal =
            status >= 400 && ours && !answer.contains("application/problem+json");
        if (status == 0 || status >= 500 || plainRefusal) {
          faults.add(
              shown(request) + "\n=> " + answer.substring(0, Math.min(answer.length(), 1_000)));
        }
      }
    }
    System.out.println("HOSTILE seed " + seed + ", sent " + sent + ", statuses " + statuses);
    assertThat(faults).as("seed %d, %d requests, %s", seed, sent, statuses).isEmpty();
    // Requests that are all refused at once would show nothing.
    assertThat(statuses.getOrDefault(200, 0)).isGreaterThan(sent / 20);
    assertThat(statuses.getOrDefault(400, 0)).isGreaterThan(sent / 20);
  }

  private static String answer(int port, byte[] request) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(SILENT);
      socket.getOutputStream().write(request);
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static int status(String answer) {
    return answer.startsWith("HTTP/1.1 ") ? Integer.parseInt(answer.substring(9, 12)) : 0;
  }

  private static String shown(byte[] request) {
    String text = new String(request, StandardCharsets.ISO_8859_1).replace("\u0000", "<NUL>");
    String hidden = text.replaceAll("Bearer \\S+", "Bearer …");
    return hidden.length() > 900 ? hidden.substring(0, 900) : hidden;
  }
}
