package io.llmtrace.cli.up;

import io.llmtrace.cli.stack.Folders;
import io.llmtrace.cli.stack.GatewayRoute;
import io.llmtrace.cli.stack.UpstreamUrl;
import io.llmtrace.cli.up.UpSettings.Enforcement;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import io.llmtrace.testkit.provider.Pacing;
import io.llmtrace.testkit.provider.UsageBlocks;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * One {@code up} for all tests of clients: enforcing, in front of a provider behind TLS; and beside
 * it, on the same plugin, gateways to a provider without TLS, one for each way to treat a block.
 */
final class SdkStack implements AutoCloseable {
  final MockProvider secure;
  final MockProvider plain;
  final UpRun up;
  private final TestGateway enforcing;
  private final TestGateway refusing;
  private final TestGateway observing;
  private final Path folder;

  SdkStack() throws Exception {
    folder = Files.createTempDirectory("sdk");
    X509Bundle authority =
        new CertificateBuilder()
            .subject("CN=tests")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    X509Bundle certificate =
        new CertificateBuilder()
            .subject("CN=provider")
            .addSanDnsName("localhost")
            .buildIssuedBy(authority);
    secure =
        MockProvider.start(
            Pacing.FAST,
            UsageBlocks.WHEN_ASKED,
            SslContextBuilder.forServer(
                    certificate.getKeyPair().getPrivate(), certificate.getCertificatePath())
                .build());
    plain = MockProvider.start(Pacing.FAST, UsageBlocks.WHEN_ASKED);
    Path ca = Files.writeString(folder.resolve("ca.pem"), authority.getCertificatePEM());
    // This JVM is the gateway, both providers and the clients, on a machine that builds: the budget
    // is not the subject.
    Path config =
        Files.writeString(
            folder.resolve("llmtrace.yaml"),
            """
            plugin: {budget_ms: 10000, spool: {flush_interval_ms: 100}}
            limits:
              - {name: rate, by: [model], match: {model: ["hurried-*"]}, requests_per_minute: 1}
              - {name: size, match: {model: ["short-*"]}, prompt_tokens: 2}
            """);
    UpSettings settings =
        new UpSettings(
            UpstreamUrl.parse("https://localhost:" + secure.port() + "/v1"),
            0,
            Optional.of(ca),
            Enforcement.ERROR,
            Optional.of(config),
            folder.resolve("data"));
    up = UpRun.prepare(settings, UserConfig.read(settings.config(), System.getenv()), line -> {});
    up.start();
    enforcing = beside(Enforcement.ERROR);
    refusing = beside(Enforcement.REFUSAL);
    observing = beside(Enforcement.OBSERVE);
  }

  private TestGateway beside(Enforcement enforcement) throws IOException {
    return up.stack()
        .startGateway(
            new GatewayRoute(
                "beside-" + enforcement,
                enforcement.conf(),
                true,
                new UpstreamUrl("http", "127.0.0.1", plain.port(), ""),
                Duration.ofMinutes(1)),
            Options.of(up.files().socket()));
  }

  /** The gateway of {@code up}, to a provider behind TLS. */
  TestGateway gateway() {
    return up.gateway();
  }

  TestGateway enforcing() {
    return enforcing;
  }

  TestGateway refusing() {
    return refusing;
  }

  TestGateway observing() {
    return observing;
  }

  static String base(TestGateway gateway) {
    return "http://127.0.0.1:" + gateway.port();
  }

  @Override
  public void close() throws IOException {
    up.close();
    secure.close();
    plain.close();
    Folders.delete(folder);
  }
}
