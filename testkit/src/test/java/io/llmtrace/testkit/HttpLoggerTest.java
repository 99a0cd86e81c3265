package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.testkit.LogSink.Delivery;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When and how often the http-logger delivers. */
@Timeout(60)
class HttpLoggerTest {
  @TempDir Path folder;
  private LogSink sink;
  private Upstream upstream;

  @BeforeEach
  void start() throws Exception {
    sink = new LogSink();
    upstream = Upstream.ok();
  }

  @AfterEach
  void stop() throws Exception {
    sink.close();
    upstream.close();
  }

  @Test
  void aFullBatchIsDeliveredAtOnceAsAList() throws Exception {
    try (TestGateway gateway = gateway(", batch_max_size: 3, inactive_timeout: 60")) {
      requests(gateway, 6);
      for (int i = 0; i < 2; i++) {
        assertThat(sink.take().body()).hasSize(3);
      }
    }
  }

  @Test
  void aBatchThatNothingIsAddedToIsDeliveredAfterTheInactiveTimeOut() throws Exception {
    try (TestGateway gateway = gateway(", batch_max_size: 100, inactive_timeout: 1")) {
      long start = System.nanoTime();
      requests(gateway, 1);
      assertThat(sink.take().body()).hasSize(1);
      assertThat(System.nanoTime() - start).isGreaterThan(900_000_000L);
    }
  }

  @Test
  void aBatchOfOneIsAnObjectOfItsOwn() throws Exception {
    try (TestGateway gateway = gateway(", batch_max_size: 1")) {
      requests(gateway, 2);
      for (int i = 0; i < 2; i++) {
        JsonNode entry = sink.take().body();
        assertThat(entry.isObject()).isTrue();
        assertThat(entry.path("route_id").asText()).isEqualTo("all");
      }
    }
  }

  @Test
  void theSecretComesWithEachDelivery() throws Exception {
    try (TestGateway gateway = gateway(", batch_max_size: 1, auth_header: Bearer tap-secret")) {
      requests(gateway, 1);
      assertThat(sink.take().authorization()).isEqualTo("Bearer tap-secret");
    }
    try (TestGateway gateway = gateway(", batch_max_size: 1")) {
      requests(gateway, 1);
      assertThat(sink.take().authorization()).isNull();
    }
  }

  @Test
  void aRefusedBatchIsTriedAgainUntilItArrives() throws Exception {
    sink.refusals.set(2);
    try (TestGateway gateway = gateway(", batch_max_size: 2, max_retry_count: 5, retry_delay: 0")) {
      requests(gateway, 2);
      Delivery first = sink.take();
      assertThat(sink.take()).isEqualTo(first);
      assertThat(sink.take()).isEqualTo(first);
      assertThat(sink.quiet(500)).as("delivered once it has arrived").isTrue();
    }
  }

  @Test
  void retriesWaitForTheirDelay() throws Exception {
    sink.refusals.set(1);
    try (TestGateway gateway = gateway(", batch_max_size: 1, max_retry_count: 1, retry_delay: 1")) {
      requests(gateway, 1);
      sink.take();
      long refused = System.nanoTime();
      sink.take();
      assertThat(System.nanoTime() - refused).isGreaterThan(900_000_000L);
    }
  }

  @Test
  void aBatchIsDroppedAfterTheLastRetryAndTheNextOneIsDelivered() throws Exception {
    sink.refusals.set(3);
    try (TestGateway gateway = gateway(", batch_max_size: 1, max_retry_count: 2, retry_delay: 0")) {
      requests(gateway, 1);
      for (int i = 0; i < 3; i++) {
        sink.take();
      }
      assertThat(sink.quiet(500)).isTrue();
      requests(gateway, 1);
      sink.take();
    }
  }

  @Test
  void byDefaultNothingIsTriedAgain() throws Exception {
    sink.refusals.set(1);
    try (TestGateway gateway = gateway(", batch_max_size: 1")) {
      requests(gateway, 1);
      sink.take();
      assertThat(sink.quiet(1500)).isTrue();
    }
  }

  @Test
  void aSinkThatIsAwayCostsNoRequest() throws Exception {
    sink.close();
    try (TestGateway gateway = gateway(", batch_max_size: 1")) {
      requests(gateway, 3);
    }
  }

  private TestGateway gateway(String settings) {
    return TestGateway.start(
        Routes.with(sink.plugin(settings), upstream.port()),
        Options.of(folder.resolve("nobody.sock")));
  }

  private static void requests(TestGateway gateway, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      assertThat(RawClient.get(gateway, "/" + i).status()).isEqualTo(200);
    }
  }
}
