package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import io.llmtrace.testkit.tls.TestAuthority;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command asks a control plane by TLS as the configuration says, and looks at its keys. */
class ControlPlaneTrustTest {
  @TempDir static Path shared;
  @TempDir Path directory;

  private static TestAuthority authority;
  private static TestAuthority.Issued server;
  private static TestAuthority.Issued node;
  private Place place;
  private FakePeer served;

  @BeforeAll
  static void issue() throws Exception {
    authority = new TestAuthority(shared);
    server = authority.issue("server");
    node = authority.issue("node");
    for (Path key : List.of(server.privateKey(), node.privateKey())) {
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    }
  }

  @BeforeEach
  void serve() throws Exception {
    place = new Place(directory);
    // Trusts the authority as a server that asks for certificates does.
    served =
        FakePeer.startMutualTls(
                TlsMaterial.read(
                        new TlsConfig(
                            server.certificate(), server.privateKey(), authority.certificate()))
                    .client())
            .like(place.controlPlane);
    place.pluginKeys.put("control_plane_url", served.uri().toString());
  }

  @AfterEach
  void end() throws Exception {
    served.close();
    place.close();
  }

  @Test
  void theAuthorityAndTheCertificateOfThePluginAreUsed() throws Exception {
    plugin(authority.certificate(), node);
    assertThat(looked("plugin", "control_plane")).isEmpty();
    assertThat(looked("plugin", "key")).isEmpty();
    assertThat(looked("plugin", "clock")).isEmpty();
  }

  @Test
  void withoutTheAuthorityNothingIsSent() throws Exception {
    plugin(null, node);
    assertThat(looked("plugin", "control_plane"))
        .singleElement()
        .asString()
        .contains("cannot be trusted by TLS", "set plugin.control_plane_tls.ca in ");
  }

  @Test
  void withoutTheCertificateThatIsAskedForItSaysSo() throws Exception {
    plugin(authority.certificate(), null);
    assertThat(looked("plugin", "control_plane")).isNotEmpty();
  }

  @Test
  void aFileThatCannotBeUsedIsNamed() throws Exception {
    Path broken = Files.writeString(directory.resolve("broken.pem"), "no certificate");
    plugin(broken, node);
    assertThat(looked("plugin", "control_plane"))
        .singleElement()
        .asString()
        .contains("cannot be asked by TLS (" + broken, "mend plugin.control_plane_tls in ");
  }

  @Test
  void theOwnControlPlaneIsAskedByTlsAndMustShowItsCertificate() throws Exception {
    try (FakePeer own =
        FakePeer.startTls(
                TlsMaterial.read(new TlsConfig(server.certificate(), server.privateKey(), null))
                    .client())
            .like(place.controlPlane)) {
      controlPlane(own.port(), server);
      assertThat(looked("control-plane", "control_plane")).isEmpty();
    }
  }

  @Test
  void anotherCertificateThanThatOfTheFileIsNotTaken() throws Exception {
    try (FakePeer own =
        FakePeer.startTls(
                TlsMaterial.read(new TlsConfig(server.certificate(), server.privateKey(), null))
                    .client())
            .like(place.controlPlane)) {
      controlPlane(own.port(), node);
      assertThat(looked("control-plane", "control_plane"))
          .singleElement()
          .asString()
          .contains("another certificate than that in", "restart the control plane");
    }
  }

  @Test
  void privateKeysThatOthersMayReadAreTold() throws Exception {
    Path open = Files.copy(node.privateKey(), directory.resolve("open.key"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    plugin(authority.certificate(), new TestAuthority.Issued(node.certificate(), open));
    controlPlane(1, new TestAuthority.Issued(node.certificate(), open));
    assertThat(looked("plugin", "secrets"))
        .singleElement()
        .asString()
        .contains(
            "plugin.control_plane_tls.private_key: the secret " + open + " is open",
            "chmod 600 " + open);
    assertThat(looked("control-plane", "secrets"))
        .singleElement()
        .asString()
        .contains("control_plane.tls.private_key: the secret " + open);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-------"));
    assertThat(looked("plugin", "secrets")).isEmpty();
  }

  @Test
  void aCertificateOfAnotherKeyIsToldBeforeTheStart() throws Exception {
    controlPlane(1, new TestAuthority.Issued(server.certificate(), node.privateKey()));
    assertThat(looked("control-plane", "secrets"))
        .singleElement()
        .asString()
        .contains(
            "control_plane.tls: " + node.privateKey(),
            "expected the key of the first certificate in " + server.certificate(),
            "mend control_plane.tls in ");
  }

  @Test
  void whatThePluginCannotReadIsToldOnce() throws Exception {
    plugin(
        authority.certificate(), new TestAuthority.Issued(server.certificate(), node.privateKey()));
    assertThat(looked("plugin", "secrets"))
        .noneMatch(problem -> problem.contains("expected the key of the first certificate"));
    assertThat(looked("plugin", "control_plane"))
        .anyMatch(problem -> problem.contains("expected the key of the first certificate"));
  }

  @Test
  void aCertificateThatRanOutIsTold() throws Exception {
    plugin(authority.certificate(), authority.issueExpired("old"));
    assertThat(looked("plugin", "secrets"))
        .anySatisfy(
            problem ->
                assertThat(problem)
                    .contains("plugin.control_plane_tls: the certificate of ", " ran out at 20"));
  }

  @Test
  void aCertificateIsWarnedOfInTheLastTenthOfItsLife() throws Exception {
    plugin(authority.certificate(), node);
    // It was issued for three days, one of them gone.
    assertThat(certificatesIn(Duration.ofHours(30))).isEmpty();
    assertThat(certificatesIn(Duration.ofHours(44)))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.severity()).isEqualTo(Severity.WARNING);
              assertThat(problem.cause())
                  .contains("plugin.control_plane_tls: the certificate of ", " runs out at 20");
              assertThat(problem.mend()).contains("renew it");
            });
  }

  @Test
  void aCertificateThatIsNotYetValidIsTold() throws Exception {
    controlPlane(1, server);
    assertThat(certificatesIn(Duration.ofHours(-30)))
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.severity()).isEqualTo(Severity.ERROR);
              assertThat(problem.cause())
                  .contains("control_plane.tls: the certificate of ", " is not valid before 20");
              assertThat(problem.mend()).contains("clock", "mend control_plane.tls in ");
            });
  }

  /** What is told of certificates at another time. */
  private List<Problem> certificatesIn(Duration later) throws Exception {
    place.clock = Clock.offset(Clock.systemUTC(), later);
    Findings findings = new Findings("secrets");
    Certificates.look(place.deployment(), findings);
    return Report.problems(Map.of("secrets", findings.or("")));
  }

  private void plugin(Path ca, TestAuthority.Issued shown) {
    List<String> keys = new ArrayList<>();
    if (ca != null) {
      keys.add("ca: " + ca);
    }
    if (shown != null) {
      keys.add("certificate: " + shown.certificate());
      keys.add("private_key: " + shown.privateKey());
    }
    place.pluginKeys.put("control_plane_tls", "{" + String.join(", ", keys) + "}");
  }

  private void controlPlane(int port, TestAuthority.Issued shown) {
    place.more +=
        """
        control_plane:
          data_directory: %s
          port: %d
          tls: {certificate: %s, private_key: %s}
        """
            .formatted(directory.resolve("cp"), port, shown.certificate(), shown.privateKey());
  }

  /** Causes and mends that the command tells of a check. */
  private List<String> looked(String role, String check) throws Exception {
    place.deployment();
    StringWriter out = new StringWriter();
    new CommandLine(new DoctorCommand())
        .setOut(new PrintWriter(out))
        .execute("--json", "--role", role, "--config", place.config().toString());
    JsonNode said = WireJson.mapper().readTree(out.toString());
    assertThat(said.path("checks").findValuesAsText("check")).contains(check);
    for (JsonNode each : said.path("checks")) {
      if (each.path("check").asText().equals(check)) {
        assertThat(each.path("status").asText()).as("%s", each).isNotEqualTo("skipped");
      }
    }
    List<String> problems = new ArrayList<>();
    for (JsonNode each : said.path("problems")) {
      if (each.path("check").asText().equals(check)) {
        problems.add(each.path("cause").asText() + " | " + each.path("mend").asText());
      }
    }
    return problems;
  }
}
