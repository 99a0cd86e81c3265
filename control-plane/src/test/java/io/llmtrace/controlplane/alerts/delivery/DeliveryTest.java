package io.llmtrace.controlplane.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.alerts.channels.Channels;
import io.llmtrace.controlplane.alerts.delivery.Sink.Manner;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Workers and real connections: to PostgreSQL, and to a sink that treats them badly. */
@ExtendWith(TestStorage.Extension.class)
class DeliveryTest {
  private final TestStorage database;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  DeliveryTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void empty() {
    database
        .jdbi()
        .useHandle(
            handle -> handle.execute("TRUNCATE alert_outbox, alert_attempts, alert_channels"));
  }

  /** Of those who answer: a busy machine is not the subject. */
  private static final int PATIENT_MILLIS = 20_000;

  private Delivery delivery(Supplier<Jdbi> jdbi, Tuning tuning, Lane... lanes) throws Exception {
    return delivery(PATIENT_MILLIS, jdbi, tuning, lanes);
  }

  private Delivery delivery(int millis, Supplier<Jdbi> jdbi, Tuning tuning, Lane... lanes)
      throws Exception {
    return new Delivery(
        jdbi,
        List.of(lanes),
        new Transport(
            new TransportSettings(Set.of("sink.internal")),
            host -> new InetAddress[] {InetAddress.getLoopbackAddress()},
            SSLContext.getDefault(),
            millis),
        null,
        DatabaseTime.REAL,
        meters,
        Clock.systemUTC(),
        tuning);
  }

  private static Lane to(Sink sink) {
    return Samples.lane("hook", 1_000_000, sink.at("http", "sink.internal", "/secret-path"));
  }

  private void add(String incident, int numbers) {
    database
        .jdbi()
        .useTransaction(
            handle -> {
              for (int number = 1; number <= numbers; number++) {
                Outbox.add(handle, "hook", Samples.notice(incident, number));
              }
            });
  }

  private long count(String state) {
    return database.number("SELECT count(*) FROM alert_outbox WHERE state = '" + state + "'");
  }

  private static String id(Sink.Got got) {
    return got.body().substring(0, got.body().indexOf(' '));
  }

  /** What a receiver sees that knows each id once: everything, and each incident in its order. */
  private static void assertAllInOrder(List<String> ids, int incidents, int numbers) {
    Map<String, Integer> last = new HashMap<>();
    Set<String> seen = new HashSet<>();
    for (String id : ids) {
      if (seen.add(id)) {
        int dash = id.lastIndexOf('-');
        String incident = id.substring(0, dash);
        int number = Integer.parseInt(id.substring(dash + 1));
        assertThat(number).as(id).isEqualTo(last.getOrDefault(incident, 0) + 1);
        last.put(incident, number);
      }
    }
    assertThat(seen).hasSize(incidents * numbers);
  }

  @Test
  void underFaultsNothingIsLostAndOrderHoldsAndWhatComesTwiceHasOneId() throws Exception {
    Random random = new Random(7);
    AtomicBoolean bad = new AtomicBoolean(true);
    List<String> taken = new ArrayList<>();
    try (Sink sink =
        new Sink(
            got -> {
              synchronized (taken) {
                Manner manner =
                    !bad.get() || random.nextInt(100) < 50
                        ? Manner.TAKE
                        : List.of(Manner.FAIL, Manner.RESET, Manner.LIMIT, Manner.FAIL)
                            .get(random.nextInt(40) == 0 ? 2 : random.nextInt(2));
                // A reset comes after it was taken: the sender cannot know.
                if (manner == Manner.TAKE || manner == Manner.RESET) {
                  taken.add(id(got));
                }
                return manner;
              }
            })) {
      int incidents = 30;
      for (int i = 0; i < incidents; i++) {
        add("i" + i, 3);
      }
      Delivery one = delivery(database::jdbi, Samples.QUICK, to(sink));
      Delivery two = delivery(database::jdbi, Samples.QUICK, to(sink));
      try (one;
          two) {
        one.start();
        two.start();
        Await.until(Duration.ofSeconds(60), () -> count("delivered") > 20);
        bad.set(false);
        Await.until(Duration.ofSeconds(60), () -> count("delivered") == incidents * 3L);
      }
      synchronized (taken) {
        assertAllInOrder(taken, incidents, 3);
        System.out.printf("faults: %d notices, %d taken%n", incidents * 3, taken.size());
      }
      for (Sink.Got got : sink.got()) {
        assertThat(got.head()).contains("Idempotency-Key: " + id(got) + "\r\n");
      }
    }
    assertThat(
            database.number(
                "SELECT count(*) FROM alert_attempts WHERE error LIKE '%secret-path%'"
                    + " OR error LIKE '%sink%'"))
        .isZero();
    assertThat(meters.get("llmtrace.alert.deliveries").tag("result", "delivered").counter().count())
        .isEqualTo(90);
    assertThat(meters.get("llmtrace.alert.deliveries").tag("result", "retry").counter().count())
        .isPositive();
  }

  @Test
  void whatHangsHoldsUpNoOtherChannelAndOneThatRefusesIsParkedAtOnce() throws Exception {
    try (Sink hangs = new Sink(got -> Manner.HANG);
        Sink refuses = new Sink(got -> Manner.REFUSE);
        Sink takes = new Sink(got -> Manner.TAKE)) {
      database
          .jdbi()
          .useTransaction(
              handle -> {
                for (int i = 0; i < 20; i++) {
                  Outbox.add(handle, "hangs", Samples.notice("h" + i, 1));
                  Outbox.add(handle, "takes", Samples.notice("h" + i, 1));
                }
                Outbox.add(handle, "refuses", Samples.notice("i1", 1));
              });
      try (Delivery delivery =
          delivery(
              1_000,
              database::jdbi,
              Samples.QUICK,
              Samples.lane("hangs", 1_000_000, hangs.at("http", "sink.internal", "/")),
              Samples.lane("refuses", 1_000_000, refuses.at("http", "sink.internal", "/")),
              Samples.lane("takes", 1_000_000, takes.at("http", "sink.internal", "/")))) {
        delivery.start();
        Await.until(Duration.ofSeconds(60), () -> count("delivered") == 20 && count("parked") == 1);
        assertThat(count("waiting")).isEqualTo(20);
        Await.until(
            Duration.ofSeconds(60),
            () ->
                delivery.health().stream()
                    .anyMatch(
                        each -> each.channel().equals("hangs") && each.failingSince() != null));
        ChannelHealth refused =
            delivery.health().stream()
                .filter(each -> each.channel().equals("refuses"))
                .findFirst()
                .orElseThrow();
        assertThat(refused.parked()).isEqualTo(1);
        assertThat(refused.lastError()).isEqualTo("answered 404");
        Await.until(
            Duration.ofSeconds(60),
            () ->
                meters.get("llmtrace.alert.outbox.parked").tag("channel", "refuses").gauge().value()
                    == 1);
        assertThat(delivery.tryOut("refuses", Samples.notice("t", 1)))
            .hasValueSatisfying(
                trial -> {
                  assertThat(trial.result()).isEqualTo("parked");
                  assertThat(trial.status()).isEqualTo(404);
                });
        assertThat(delivery.tryOut("none", Samples.notice("t", 1))).isEmpty();
      }
    }
  }

  @Test
  void aWorkerThatIsGoneBetweenSendingAndWritingItDownCostsADuplicateAndNothingElse()
      throws Exception {
    Tuning shortLease =
        new Tuning(
            Duration.ofMillis(20),
            Duration.ofSeconds(2),
            4,
            Duration.ofMillis(200),
            Duration.ofSeconds(1),
            Duration.ofMinutes(10));
    AtomicBoolean gone = new AtomicBoolean();
    Supplier<Jdbi> dying =
        () -> {
          if (gone.get()) {
            throw new StorageUnavailableException("gone");
          }
          return database.jdbi();
        };
    try (Sink sink =
        new Sink(
            got -> {
              // The database is away from when the first message is taken.
              gone.set(true);
              return Manner.TAKE;
            })) {
      add("i1", 2);
      try (Delivery first = delivery(dying, shortLease, to(sink))) {
        first.start();
        Await.until(Duration.ofSeconds(60), () -> sink.got().size() == 1);
        try (Delivery second = delivery(database::jdbi, shortLease, to(sink))) {
          second.start();
          Await.until(Duration.ofSeconds(60), () -> count("delivered") == 2);
        }
      }
      assertThat(sink.got().stream().map(DeliveryTest::id).toList())
          .containsExactly("i1-1", "i1-1", "i1-2");
    }
    assertThat(
            database.column(
                "SELECT attempt || ' ' || coalesce(result, 'unknown') FROM alert_attempts ORDER BY"
                    + " id"))
        .containsExactly("1 unknown", "2 delivered", "1 delivered");
  }

  @Test
  void aChannelAsItIsConfiguredDelivers() throws Exception {
    try (Sink sink = new Sink(got -> Manner.TAKE)) {
      ChannelConfig config =
          new ChannelConfig.Webhook(
              ChannelConfig.Common.of("hook"),
              Secret.of(sink.at("http", "127.0.0.1", "/hook").toString()),
              null,
              null);
      add("i1", 2);
      try (Delivery delivery =
          new Delivery(
              database::jdbi,
              List.of(new ConfiguredChannel(Channels.of(config), config)),
              new TransportSettings(Set.of("127.0.0.1:" + sink.port())),
              meters,
              Clock.systemUTC())) {
        delivery.start();
        Await.until(Duration.ofSeconds(60), () -> count("delivered") == 2);
      }
      assertThat(sink.got()).hasSize(2);
      assertThat(sink.got().get(0).head().toLowerCase(Locale.ROOT))
          .contains("webhook-id: i1-1\r\n");
    }
  }

  @Test
  void aDatabaseThatComesLateOrGoesIsWaitedFor() throws Exception {
    AtomicBoolean there = new AtomicBoolean();
    Supplier<Jdbi> jdbi =
        () -> {
          if (!there.get()) {
            throw new StorageUnavailableException("starting");
          }
          return database.jdbi();
        };
    try (Sink sink = new Sink(got -> Manner.TAKE);
        Delivery delivery = delivery(jdbi, Samples.QUICK, to(sink))) {
      delivery.start();
      add("i1", 1);
      there.set(true);
      Await.until(Duration.ofSeconds(60), () -> count("delivered") == 1);
    }
  }

  @Test
  void fromCommitToDeliveryItTakesLessThanASecond() throws Exception {
    try (Sink sink = new Sink(got -> Manner.TAKE);
        Delivery delivery = delivery(database::jdbi, Tuning.DEFAULT, to(sink))) {
      delivery.start();
      Await.until(
          Duration.ofSeconds(60),
          () -> database.number("SELECT count(*) FROM alert_channels") == 1);
      for (int i = 0; i < 20; i++) {
        add("i" + i, 1);
        long told = i + 1L;
        Await.until(Duration.ofSeconds(60), () -> count("delivered") == told);
      }
      List<String> millis =
          database.column(
              "SELECT (extract(epoch FROM ended_at - created_at) * 1000)::int FROM alert_outbox"
                  + " ORDER BY 1");
      System.out.println("from commit to delivery, ms: " + millis);
      // The median: now and then a busy machine lets a thread wait.
      assertThat(Integer.parseInt(millis.get(10))).as("p50").isLessThan(3_000);
      Timer timer = meters.get("llmtrace.alert.delivery").tag("channel", "hook").timer();
      // It is told after the commit that says "delivered".
      Await.until(Duration.ofSeconds(60), () -> timer.count() == 20);
      assertThat(timer.max(TimeUnit.SECONDS)).isLessThan(60);
    }
  }
}
