package io.llmtrace.plugin.inspection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.OnUninspectable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an inspection takes of the memory of all bodies, and that it gives it back. */
class BodyMemoryTest {
  private static final long BUDGET = 24L << 20;
  private static final String PARTS = "{\"messages\":[" + "[],".repeat(220_000) + "1]}";

  @TempDir Path directory;

  /** Reads as the product does; what is done when a body is read is up to a test. */
  private static class Reading extends MarkerAnalysis {
    final AtomicLong most = new AtomicLong();
    volatile MemoryBudget budget = new MemoryBudget(0);

    Reading() {
      super(text -> {});
    }

    @Override
    public Exchange read(
        RequestContent content, Api forced, InspectionBudget until, BodyMemory memory)
        throws UnreadableBodyException {
      Exchange exchange =
          ExchangeReader.read(content, forced, Dialects.builtIn(), () -> false, memory);
      most.accumulateAndGet(budget.used(), Math::max);
      return exchange;
    }
  }

  private record Decided(Answer answer, InspectionRecord record) {}

  @Test
  void a_heavy_body_takes_memory_and_gives_it_back() throws Exception {
    Reading reading = new Reading();
    try (Host host = host(reading)) {
      assertThat(reason(decided(host, Map.of(), PARTS.getBytes(UTF_8)))).isEqualTo("");
      assertThat(reading.most.get()).isBetween(8L << 20, BUDGET);
      awaitFree(host);
    }
  }

  @Test
  void too_much_of_it_is_a_reason_and_a_strict_route_stops_it() throws Exception {
    try (Host host = host(new Reading())) {
      byte[] body = ("{\"messages\":[" + "[],".repeat(500_000) + "1]}").getBytes(UTF_8);
      assertThat(reason(decided(host, Map.of(), body))).isEqualTo("memory");
      assertThat(decided(host, Map.of(), body).answer()).isInstanceOf(Answer.Rewrite.class);
      assertThat(
              decided(host, "\"mode\":\"enforce\",\"on_uninspectable\":\"block\"", body).answer())
          .isInstanceOf(Answer.Stop.class);
      byte[] heavier = ("{\"messages\":[" + "[],".repeat(5_000_000) + "1]}").getBytes(UTF_8);
      assertThat(reason(decided(host, Map.of(), heavier))).isIn("memory", "too_large");
      awaitFree(host);
    }
  }

  @Test
  void what_a_small_packed_body_unpacks_to_counts_too() throws Exception {
    Reading reading = new Reading();
    Map<String, String> gzip = Map.of("content-encoding", "gzip");
    try (Host host = host(reading)) {
      byte[] packed = gzip("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", 4 << 20);
      assertThat(packed.length).isLessThan(64 << 10);
      assertThat(reason(decided(host, gzip, packed))).isEqualTo("");
      assertThat(reading.most.get()).isBetween(4L << 20, BUDGET);
      assertThat(reason(decided(host, gzip, gzip("", 17 << 20)))).isIn("memory", "too_large");
      assertThat(reason(decided(host, gzip, "no gzip".getBytes(UTF_8)))).isEqualTo("unparsable");
      awaitFree(host);
    }
  }

  @Test
  void two_at_once_do_not_take_more_than_there_is() throws Exception {
    CyclicBarrier both = new CyclicBarrier(2);
    CountDownLatch done = new CountDownLatch(2);
    Reading together =
        new Reading() {
          @Override
          public Exchange read(
              RequestContent content, Api forced, InspectionBudget until, BodyMemory memory)
              throws UnreadableBodyException {
            try {
              both.await(30, TimeUnit.SECONDS);
              return super.read(content, forced, until, memory);
            } catch (UnreadableBodyException e) {
              throw e;
            } catch (Exception e) {
              throw new IllegalStateException(e);
            } finally {
              done.countDown();
              // Neither gives back before both have taken.
              awaitQuietly(done);
            }
          }
        };
    try (Host host = host(together)) {
      LinkedBlockingQueue<Decided> decided = new LinkedBlockingQueue<>();
      inspect(host, "", Map.of(), PARTS.getBytes(UTF_8), decided);
      inspect(host, "", Map.of(), PARTS.getBytes(UTF_8), decided);
      List<String> reasons =
          List.of(
              reason(decided.poll(30, TimeUnit.SECONDS)),
              reason(decided.poll(30, TimeUnit.SECONDS)));
      // Each takes some 17 MiB, and there are 24.
      assertThat(reasons).contains("memory");
      assertThat(together.most.get()).isLessThanOrEqualTo(BUDGET);
      awaitFree(host);
    }
  }

  @Test
  void it_is_given_back_where_the_engine_fails_and_where_the_budget_ends() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    Reading broken =
        new Reading() {
          @Override
          public Exchange read(
              RequestContent content, Api forced, InspectionBudget until, BodyMemory memory)
              throws UnreadableBodyException {
            super.read(content, forced, until, memory);
            if (content.headers().containsKey("x-slow")) {
              awaitQuietly(end);
            }
            throw new IllegalStateException("a bug");
          }
        };
    try (Host host = host(broken)) {
      assertThat(reason(decided(host, Map.of(), PARTS.getBytes(UTF_8)))).isEqualTo("error");
      awaitFree(host);
      LinkedBlockingQueue<Decided> decided = new LinkedBlockingQueue<>();
      inspect(host, "\"budget_ms\":100", Map.of("x-slow", "1"), PARTS.getBytes(UTF_8), decided);
      assertThat(reason(decided.poll(30, TimeUnit.SECONDS))).isEqualTo("budget");
      end.countDown();
      awaitFree(host);
    }
  }

  private Host host(Reading reading) throws IOException {
    Host host = new Host(directory, reading, new InspectionService.Settings(2, 16), BUDGET);
    reading.budget = host.memory;
    return host;
  }

  private static Decided decided(Host host, Map<String, String> headers, byte[] body)
      throws InterruptedException {
    awaitFree(host);
    LinkedBlockingQueue<Decided> decided = new LinkedBlockingQueue<>();
    inspect(host, "", headers, body, decided);
    return decided.poll(30, TimeUnit.SECONDS);
  }

  private static Decided decided(Host host, String conf, byte[] body) throws InterruptedException {
    awaitFree(host);
    LinkedBlockingQueue<Decided> decided = new LinkedBlockingQueue<>();
    inspect(host, conf, Map.of(), body, decided);
    return decided.poll(30, TimeUnit.SECONDS);
  }

  private static void inspect(
      Host host,
      String conf,
      Map<String, String> headers,
      byte[] body,
      LinkedBlockingQueue<Decided> decided) {
    MemoryBudget.Lease lease = host.memory.take(body.length);
    assertThat(lease).isNotNull();
    host.service.inspect(
        new GatewayRequest(
            new RouteConfReader(20_000, OnUninspectable.PASS)
                .read(List.of(Map.entry("llmtrace", "{" + conf + "}"))),
            "POST",
            "/v1/chat/completions",
            headers,
            BodyBytes.of(body),
            GatewayRequest.BodyState.READ,
            body.length,
            "r",
            "c",
            "",
            "127.0.0.1",
            System.nanoTime()),
        lease,
        (answer, record) -> decided.add(new Decided(answer, record)));
  }

  private static String reason(Decided decided) {
    assertThat(decided).isNotNull();
    return decided.record().receipt().reason();
  }

  /** An inspection answers before it gives back. */
  private static void awaitFree(Host host) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (host.memory.used() != 0 && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    assertThat(host.memory.used()).isZero();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] gzip(String text, int padding) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(text.getBytes(UTF_8));
      out.write(" ".repeat(padding).getBytes(UTF_8));
    }
    return packed.toByteArray();
  }
}
