package io.llmtrace.controlplane.lifecycle;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestControlPlane.Extension.class)
class LifecycleResourcesTest {
  private final TestControlPlane plane;

  LifecycleResourcesTest(TestControlPlane plane) {
    this.plane = plane;
  }

  private JsonNode done(JsonNode asked) throws Exception {
    Instant end = Instant.now().plus(Duration.ofSeconds(60));
    String path = "/api/v1/erasures/" + asked.get("id").asText();
    JsonNode seen = json(plane.call("GET", path, plane.admin(), null));
    while (seen.get("state").asText().equals("pending") && Instant.now().isBefore(end)) {
      Thread.sleep(100);
      seen = json(plane.call("GET", path, plane.admin(), null));
    }
    assertThat(seen.get("state").asText()).isEqualTo("done");
    return seen;
  }

  @Test
  void aReceiptIsVerifiedAsTheReferenceSays(@TempDir Path directory) throws Exception {
    HttpResponse<String> asked =
        plane.call(
            "POST",
            "/api/v1/erasures",
            plane.key("admin", OWN),
            "{\"tenant\":\"%s\",\"consumer\":\"heidi-77\",\"reason\":\"ticket 4\"}".formatted(OWN));
    assertThat(asked.statusCode()).as(asked.body()).isEqualTo(202);
    assertThat(asked.body()).doesNotContain("heidi-77");
    JsonNode done = done(json(asked));
    assertThat(plane.query("SELECT count(*) FROM audit WHERE audit::text LIKE '%heidi-77%'"))
        .isEqualTo("0");
    assertThat(
            plane.query(
                "SELECT string_agg(action, ' ' ORDER BY seq) FROM audit WHERE target = 'erasure:%s'"
                    .formatted(done.get("id").asText())))
        .isEqualTo("erasure.request erasure.done");

    JsonNode key = json(plane.call("GET", "/api/v1/signing-key", plane.key("viewer", OWN), null));
    assertThat(done.get("key_id")).isEqualTo(key.get("key_id"));
    Files.writeString(directory.resolve("receipt.json"), done.get("receipt").asText());
    Files.writeString(directory.resolve("key.pem"), key.get("public_key").asText());
    Files.write(
        directory.resolve("receipt.sig"),
        Base64.getDecoder().decode(done.get("signature").asText()));
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/openssl")), "openssl is not there to verify with");
    assertThat(openssl(directory)).isZero();
    Files.writeString(
        directory.resolve("receipt.json"), done.get("receipt").asText().replace(OWN, "other"));
    assertThat(openssl(directory)).isNotZero();
  }

  private static int openssl(Path directory) throws Exception {
    Process process =
        new ProcessBuilder(
                "openssl",
                "pkeyutl",
                "-verify",
                "-pubin",
                "-inkey",
                "key.pem",
                "-rawin",
                "-in",
                "receipt.json",
                "-sigfile",
                "receipt.sig")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("out").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  @Test
  void aHoldIsMadeListedAndEnded() throws Exception {
    String admin = plane.key("admin", OWN);
    HttpResponse<String> made =
        plane.call(
            "POST",
            "/api/v1/holds",
            admin,
            "{\"tenant\":\"%s\",\"consumer\":\"ivan-8\",\"from\":\"2026-01-31\",\"reason\":\"case\"}"
                .formatted(OWN));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String path = "/api/v1/holds/" + json(made).get("id").asText();
    assertThat(made.headers().firstValue("Location").orElseThrow()).endsWith(path);
    assertThat(json(made).get("state").asText()).isEqualTo("active");
    assertThat(plane.call("GET", "/api/v1/holds", admin, null).body()).contains("ivan-8");
    assertThat(plane.call("GET", path, plane.key("admin", FOREIGN), null).statusCode())
        .isEqualTo(404);
    assertThat(plane.call("GET", path, plane.key("operator", OWN), null).statusCode())
        .isEqualTo(403);

    HttpResponse<String> ended = plane.call("POST", path + "/end", admin, "{}");
    assertThat(json(ended).get("state").asText()).isEqualTo("releasing");
    HttpResponse<String> again = plane.call("POST", path + "/end", admin, "{}");
    assertThat(json(again).get("ended_at")).isEqualTo(json(ended).get("ended_at"));
    assertThat(plane.query("SELECT count(*) FROM audit WHERE audit::text LIKE '%ivan-8%'"))
        .isEqualTo("0");
    assertThat(
            plane.query(
                "SELECT count(*) FROM audit WHERE action LIKE 'hold.%%' AND target = 'hold:%s'"
                    .formatted(path.substring(path.lastIndexOf('/') + 1))))
        .isEqualTo("2");
  }

  @Test
  void wrongBodiesAreToldWhatWouldBeRight() throws Exception {
    for (String[] wrong :
        new String[][] {
          {"holds", "{\"tenant\":\"acme\",\"reason\":\"r\"}", "/from: expected a day"},
          {
            "holds",
            "{\"tenant\":\"acme\",\"from\":\"2026-02-30\",\"reason\":\"r\"}",
            "/from: expected a day such as"
          },
          {
            "holds",
            "{\"tenant\":\"acme\",\"from\":\"2026-02-03\",\"until\":\"2026-02-02\",\"reason\":\"r\"}",
            "/until: expected no day before from"
          },
          {
            "erasures",
            "{\"tenant\":\"acme\",\"reason\":\"r\"}",
            "expected one of consumer and agent"
          },
          {
            "erasures",
            "{\"tenant\":\"acme\",\"consumer\":\"a\",\"agent\":\"b\",\"reason\":\"r\"}",
            "expected one of consumer and agent"
          },
          {
            "erasures",
            "{\"tenant\":\"acme\",\"consumer\":\"judy-3\",\"reason\":\"judy-3 asked\"}",
            "/reason: expected a text without the subject"
          },
          {
            "erasures",
            "{\"tenant\":\"acme\",\"consumer\":\"erased\",\"reason\":\"r\"}",
            "/consumer: expected no name"
          }
        }) {
      HttpResponse<String> answer =
          plane.call("POST", "/api/v1/" + wrong[0], plane.admin(), wrong[1]);
      assertThat(answer.statusCode()).as(wrong[1]).isEqualTo(400);
      assertThat(answer.body()).contains(wrong[2]);
    }
  }
}
