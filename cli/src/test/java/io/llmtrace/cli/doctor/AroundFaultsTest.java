package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.ports.FreePort;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults around a node: control plane, key, TLS, clock, bundle, alert channels. */
class AroundFaultsTest {
  @TempDir static Path shared;
  @TempDir Path directory;
  private static Runner runner;
  private Place place;

  @BeforeAll
  static void serve() throws Exception {
    runner = Runner.start(shared);
  }

  @AfterAll
  static void stop() {
    runner.close();
  }

  @BeforeEach
  void healthy() throws Exception {
    place = new Place(directory).serve(runner);
  }

  @AfterEach
  void end() throws Exception {
    place.close();
  }

  @Test
  void aControlPlaneThatDoesNotRun() throws Exception {
    place.controlPlane.close();
    // What the plugin says of the same fault is not told again.
    place.plugin.edit(
        "/health",
        body ->
            body.replace(
                "problems\":[]",
                "problems\":[\"the control plane is not reachable: x\",\"no shares: x\"]"));
    place.error("control_plane", "refuses connections", "./llmtrace control-plane --config");
  }

  @Test
  void aControlPlaneThatHangsDoesNotHangDoctor() throws Exception {
    place.controlPlane.hang();
    place.patience = Place.SHORT;
    long began = System.nanoTime();
    place.error("control_plane", "gave no", "curl -v --max-time 10");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void aHostThatIsNotKnown() throws Exception {
    place.controlPlaneUri = URI.create("http://no-such-host.invalid:8080");
    place.error(
        "control_plane", "has a host that is not known", "getent hosts no-such-host.invalid");
  }

  @Test
  void aPortOfSomethingElse() throws Exception {
    place.controlPlane.raw("220 mail.example ESMTP\r\n");
    place.error("control_plane", "gave no answer in HTTP", "plugin.control_plane_url");
  }

  @Test
  void anAddressOfAnotherService() throws Exception {
    place.controlPlane.reply("/health", 200, "{\"ok\":true}");
    place.error("control_plane", "as no control plane does", "set plugin.control_plane_url");
  }

  @Test
  void aCertificateThatNobodyTrusts() throws Exception {
    X509Bundle own =
        new CertificateBuilder()
            .subject("CN=localhost")
            .addSanIpAddress("127.0.0.1")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    KeyManagerFactory keys = own.toKeyManagerFactory();
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    try (FakePeer tls = FakePeer.startTls(context)) {
      place.controlPlaneUri = tls.uri();
      place.error("control_plane", "cannot be trusted by TLS", "set plugin.control_plane_tls.ca");
    }
  }

  @Test
  void aDatabaseThatIsGone() throws Exception {
    place.controlPlane.edit("/health", body -> body.replace("connected", "unavailable"));
    place.error("control_plane", "has no storage: it says \"unavailable\"", "start PostgreSQL");
  }

  @Test
  void aDatabaseThatWasNotSetUp() throws Exception {
    place.controlPlane.edit(
        "/health", body -> body.replace("connected", "not set up, see the log"));
    place.error("control_plane", "has no storage", "run the SQL that the control plane's log");
  }

  @Test
  void aNodeOfWhichNothingIsHeard() throws Exception {
    place.apiKey = Secret.of(Place.KEY);
    place.controlPlane.edit(
        "/health",
        body ->
            body.replace(
                "\"uptime\"",
                "\"nodes\":[{\"snapshot\":{\"node\":\"gw-1\"},\"silent\":true}],\"uptime\""));
    place.error("control_plane", "heard nothing from node gw-1", "./llmtrace plugin");
  }

  @Test
  void aKeyThatTheControlPlaneDoesNotKnow() throws Exception {
    Files.writeString(directory.resolve("instance.key"), "another-key");
    place.error("key", "refuses plugin.api_key", "initial-instance.key");
  }

  @Test
  void noKey() throws Exception {
    place.pluginKeys.remove("api_key");
    place.error("key", "There is no plugin.api_key", "set plugin.api_key");
  }

  @Test
  void aKeyOfAnotherRole() throws Exception {
    place.controlPlane.edit("/api/v1/me", body -> body.replace("telemetry:write", "alerts:read"));
    place.error("key", "may not send telemetry", "instance key");
  }

  @Test
  void aClockThatGoesAhead() throws Exception {
    place.controlPlane.clock(Instant.now().plusSeconds(3_600));
    place.error("clock", "ahead of this machine's", "timedatectl");
  }

  @Test
  void aClockThatIsBehind() throws Exception {
    place.controlPlane.clock(Instant.now().minusSeconds(90));
    place.error("clock", "behind this machine's", "timedatectl");
  }

  @Test
  void aNodeThatCannotReportThoughTheControlPlaneIsThere() throws Exception {
    place.plugin.edit(
        "/health",
        body ->
            body.replace(
                "problems\":[]",
                "problems\":[\"the control plane refuses this node's batches: 401\"]"));
    place.warning("reports", "refuses this node's batches: 401", "./llmtrace plugin");
  }

  @Test
  void aPinnedKeyThatIsNone() throws Exception {
    Path pinned = Files.writeString(directory.resolve("pinned.pub"), "no key");
    place.pluginKeys.put("policies", "{public_keys: [" + pinned + "]}");
    place.error("bundle", pinned + ": expected an Ed25519 public key", "policy-signing.pub");
  }

  @Test
  void aBundleThatIsDamaged() throws Exception {
    pin(Bundles.KEYS.getPublic().getEncoded());
    Files.writeString(place.data().resolve("policies.bundle"), "{\"half\": ");
    place.error("bundle", "a bundle was refused", "policies.bundle");
  }

  @Test
  void aBundleOfAnotherNode() throws Exception {
    pin(Bundles.KEYS.getPublic().getEncoded());
    Bundles.write(place.data(), "gw-9", Instant.now().plusSeconds(60));
    place.error("bundle", "it is for node gw-9", "mv " + place.data());
  }

  @Test
  void aBundleSignedWithAKeyThatIsNotPinned() throws Exception {
    pin(Bundles.OTHER.getPublic().getEncoded());
    Bundles.write(place.data(), "gw-1", Instant.now().plusSeconds(60));
    place.error("bundle", "a bundle was refused", "signing-keys");
  }

  @Test
  void aBundleThatIsPastItsTime() throws Exception {
    pin(Bundles.KEYS.getPublic().getEncoded());
    Bundles.write(place.data(), "gw-1", Instant.now().plusSeconds(60));
    assertThat(Report.problems(place.look())).isEmpty();
    place.clock = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(2));
    place.controlPlane.clock(Instant.now().plusSeconds(120));
    place.error("bundle", "past its time", "a new bundle comes by itself");
  }

  @Test
  void aControlPlaneThatSignsWithAKeyThatIsNotPinned() throws Exception {
    pin(Bundles.KEYS.getPublic().getEncoded());
    place.controlPlane.reply(
        "/api/v1/policies/signing-keys",
        200,
        "{\"keys\":[{\"id\":\"abcd\",\"public_key\":\"%s\",\"signs\":true}]}"
            .formatted(Base64.getEncoder().encodeToString(Bundles.OTHER.getPublic().getEncoded())));
    place.error(
        "bundle",
        "signs bundles with the key abcd, which plugin.policies.public_keys does not have",
        "add that file to plugin.policies.public_keys");
  }

  @Test
  void aBundleThatTheProcessRefuses() throws Exception {
    pin(Bundles.KEYS.getPublic().getEncoded());
    place.plugin.edit(
        "/health",
        body ->
            body.replace(
                "problems\":[]",
                "problems\":[\"policies: a bundle was refused (expired): x; revision 3 goes"
                    + " on\"]"));
    place.error("bundle", "The plugin reports: a bundle was refused (expired)", "policies.bundle");
  }

  private void pin(byte[] key) throws Exception {
    Path pinned =
        Files.writeString(
            directory.resolve("pinned.pub"),
            "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getEncoder().encodeToString(key)
                + "\n-----END PUBLIC KEY-----\n");
    place.pluginKeys.put("policies", "{public_keys: [" + pinned + "]}");
  }

  @Test
  void aChannelThatNobodyListensAt() throws Exception {
    channel("http://127.0.0.1:" + FreePort.next(), ", allow_private_targets: [127.0.0.1]");
    place.error(
        "alert_channels", "Channel webhook cannot be delivered to: no connection", "try webhook");
  }

  @Test
  void aChannelWithAPrivateAddress() throws Exception {
    channel("https://127.0.0.1:" + place.controlPlane.port(), "");
    place.error("alert_channels", "private, local or reserved", "alerts.allow_private_targets");
  }

  @Test
  void aChannelWithoutTls() throws Exception {
    channel("http://192.0.2.1", "");
    place.error("alert_channels", "its target is not https", "alerts.allow_private_targets");
  }

  @Test
  void aChannelWhoseHostIsNotKnown() throws Exception {
    channel("https://no-such-host.invalid/hook", "");
    place.error("alert_channels", "its host is not known", "mend the channel's address");
  }

  @Test
  void aChannelWhoseLastDeliveryFailed() throws Exception {
    reachable();
    place.controlPlane.reply(
        "/api/v1/alerts/channels",
        200,
        "{\"items\":[{\"id\":\"webhook\",\"failing_since\":1,\"last_error\":\"410"
            + " gone\",\"parked\":0}]}");
    place.error("alert_channels", "through channel webhook failed: 410 gone", "alerts try webhook");
  }

  @Test
  void alertsThatWereGivenUp() throws Exception {
    reachable();
    place.controlPlane.reply(
        "/api/v1/alerts/channels", 200, "{\"items\":[{\"id\":\"webhook\",\"parked\":4}]}");
    place.warning("alert_channels", "4 alerts of channel webhook were given up", "alerts retry");
  }

  @Test
  void aChannelThatIsFine() throws Exception {
    reachable();
    place.controlPlane.reply(
        "/api/v1/alerts/channels", 200, "{\"items\":[{\"id\":\"webhook\",\"parked\":0}]}");
    Map<String, Outcome> outcomes = place.look();
    assertThat(outcomes.get("alert_channels")).isInstanceOf(Outcome.Fine.class);
  }

  private void reachable() {
    channel(place.gateway.uri().toString(), ", allow_private_targets: [127.0.0.1]");
    place.apiKey = Secret.of(Place.KEY);
  }

  private void channel(String url, String rest) {
    place.more += "alerts: {webhook: {url: \"%s\"}%s}\n".formatted(url, rest);
  }
}
