package io.llmtrace.cli.grafana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import io.llmtrace.cli.demo.LiveDemo;
import io.llmtrace.testkit.ports.FreePort;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * From a breaker that opens to a person who hears of it: plugin, control plane, Prometheus with the
 * shipped rule (30 s), Alertmanager with the shipped routes, {@code amtool}, and who is called.
 */
@Tag("long")
class AlertChainTest {
  @TempDir private static Path folder;

  @Test
  void anOpenBreakerIsToldAndItsEndToo() throws Exception {
    assumeTrue(
        PrometheusServer.available()
            && Program.find("prometheus-alertmanager").isPresent()
            && Program.find("amtool").isPresent(),
        "prometheus, prometheus-alertmanager or amtool is not on the path (Debian: packages"
            + " prometheus and prometheus-alertmanager): the chain was not run");
    List<String> told = new CopyOnWriteArrayList<>();
    HttpServer people =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    people.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String body =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            told.add(exchange.getRequestURI().getPath() + " " + body);
            exchange.sendResponseHeaders(200, -1);
          }
        });
    people.start();
    String address = "http://127.0.0.1:" + people.getAddress().getPort();
    Path slack = Files.writeString(folder.resolve("slack-webhook"), address + "/slack");
    Path config =
        Files.writeString(
            folder.resolve("alertmanager.yml"),
            Files.readString(GrafanaFiles.ALERTMANAGER)
                .replace("http://on-call:9000", address)
                .replace("/etc/alertmanager/secrets/slack-webhook", slack.toString())
                .replace("group_wait: 10s", "group_wait: 1s")
                .replace("group_interval: 1m", "group_interval: 2s"));
    Program.run(folder, "amtool", "check-config", config.toString());
    try (LiveDemo demo = LiveDemo.start(folder.resolve("demo"), Duration.ofMinutes(2));
        Program alertmanager = Program.alertmanager(folder, config, FreePort.next());
        PrometheusServer prometheus =
            PrometheusServer.start(folder, demo, Optional.of(alertmanager.address()))) {
      demo.traffic();
      long opened = System.nanoTime();
      demo.openBreaker();

      prometheus.await("ALERTS{alertname=\"breaker_open\",alertstate=\"pending\"}");
      prometheus.await("ALERTS{alertname=\"breaker_open\",alertstate=\"firing\"}");
      assertThat(Duration.ofNanos(System.nanoTime() - opened))
          .isGreaterThan(Duration.ofSeconds(30));
      await(told, "/alertmanager ", "\"status\":\"firing\"", "\"alertname\":\"breaker_open\"");
      await(told, "/slack ", "FIRING: breaker_open", "traffic passes without being looked at");
      assertThat(
              Program.run(
                  folder, "amtool", "--alertmanager.url=http://" + alertmanager.address(), "alert"))
          .contains("breaker_open")
          .contains("active");
      System.out.printf(
          "breaker open; firing, in Alertmanager and told after %d s%n",
          Duration.ofNanos(System.nanoTime() - opened).toSeconds());

      demo.closeBreaker();
      await(told, "/alertmanager ", "\"status\":\"resolved\"", "\"alertname\":\"breaker_open\"");
    } finally {
      people.stop(0);
    }
  }

  private static void await(List<String> told, String... parts) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    while (told.stream().noneMatch(each -> List.of(parts).stream().allMatch(each::contains))) {
      if (System.nanoTime() > end) {
        throw new AssertionError("nobody was told " + List.of(parts) + " but " + told);
      }
      Thread.sleep(200);
    }
  }
}
