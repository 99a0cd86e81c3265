package io.llmtrace.cli.bench.controlplane;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.controlplane.SampleBatches.Population;
import io.llmtrace.controlplane.statistics.RollupFold;
import io.llmtrace.controlplane.statistics.RollupJournal;
import io.llmtrace.controlplane.statistics.RollupJournal.Keys;
import io.llmtrace.controlplane.statistics.RollupPacks;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.InspectionRecord;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Measures questions about thirty days as the exchanges of these days grow. Exchanges are made up
 * and counted; their rows are not stored, since no question of these reads them. The first size
 * goes through the journal and the fold as ingest does it, the others are written as these would
 * have left them. Each tenant's exchanges are spread over all its consumers, routes, agents and
 * models in every hour: no traffic of that many exchanges makes more sums.
 *
 * <p>While it asks, all is as it is when the time that is asked about ends now: the last hours have
 * no pack yet, and the last exchanges are in the journal.
 */
final class StatisticsBench implements AutoCloseable {
  private static final int HOURS = 30 * 24;
  private static final int HEAP_MIB = 512;
  private static final double BAR_MILLIS = 200;
  private static final int WARM_UP = 5;
  private static final int TIMES = 21;

  /** Exchanges counted in one transaction, as a batch of a busy node has them. */
  private static final int OF_A_TRANSACTION = 50_000;

  private static final int HOURS_OF_A_FOLD = 24;

  /** Exchanges that are not folded yet while questions are asked. */
  private static final int IN_THE_JOURNAL = 200;

  static final Population POPULATION = new Population(20, 10, 250, 5);

  private final Path directory;
  private final PrintWriter out;
  private final EmbeddedDatabase database;
  private final Jdbi jdbi;
  private final SampleBatches samples = new SampleBatches(29, POPULATION);
  private final Instant until;
  private final HttpClient http = HttpClient.newHttpClient();
  private long counted;

  private StatisticsBench(Path directory, PrintWriter out, EmbeddedDatabase database) {
    this.directory = directory;
    this.out = out;
    this.database = database;
    this.jdbi = Jdbi.create(database.url());
    // Ten hours past midnight: thirty days back begin and end within a day, as most do.
    this.until = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(14, ChronoUnit.HOURS);
  }

  static StatisticsBench start(Path directory, PrintWriter out) throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"));
    try {
      ControlPlaneUnderTest.migrate(database.url(), directory.resolve("migrated"));
      return new StatisticsBench(directory, out, database);
    } catch (Exception e) {
      database.close();
      throw e;
    }
  }

  /** Thirty days in sums by hour where {@code HOURS} is said, and else as sums allow. */
  private Map<String, String> questions() {
    String month = "from=" + until.minus(30, ChronoUnit.DAYS) + "&until=" + until;
    String days =
        "from="
            + until.minus(30, ChronoUnit.DAYS).truncatedTo(ChronoUnit.DAYS)
            + "&until="
            + until.truncatedTo(ChronoUnit.DAYS);
    Map<String, String> questions = new LinkedHashMap<>();
    for (String by : List.of("tenant", "route", "consumer", "agent", "provider", "model")) {
      questions.put("by " + by, "by=" + by + "&" + month);
    }
    questions.put("by finding", "by=finding&" + month);
    questions.put("by consumer, whole days", "by=consumer&" + days);
    questions.put("by consumer, 1,000 lines", "by=consumer&limit=1000&" + month);
    questions.put("by tenant and day", "by=tenant&interval=day&" + month);
    questions.put("by consumer and day, 20 lines", "by=consumer&interval=day&limit=20&" + month);
    questions.put("by consumer and hour, 5 lines", "by=consumer&interval=hour&limit=5&" + month);
    questions.put("by model and day", "by=model&interval=day&" + month);
    questions.put("by route of one tenant", "by=route&tenant=tenant-3&" + month);
    questions.put(
        "one consumer of one tenant by hour",
        "by=consumer&key=consumer-3-7&tenant=tenant-3&interval=hour&" + month);
    questions.put("one tenant by hour", "by=tenant&tenant=tenant-3&interval=hour&" + month);
    questions.put("by provider and hour", "by=provider&interval=hour&" + month);
    questions.put("by consumer of one tenant", "by=consumer&tenant=tenant-3&" + month);
    questions.put(
        "by consumer of one tenant by hour, 5 lines",
        "by=consumer&tenant=tenant-3&interval=hour&limit=5&" + month);
    questions.put("by tenant and hour", "by=tenant&interval=hour&" + month);
    return questions;
  }

  /**
   * Makes each size anew and asks.
   *
   * @param folded exchanges that go the way of ingest; 0 for none
   * @param sizes exchanges whose sums are written straight, rising
   */
  ObjectNode run(long folded, List<Long> sizes) throws Exception {
    ObjectNode root = WireJson.mapper().createObjectNode();
    root.put("bar_ms", BAR_MILLIS);
    ArrayNode each = root.putArray("sizes");
    Map<String, List<Double>> growth = new LinkedHashMap<>();
    List<Long> asked = new ArrayList<>();
    if (folded > 0) {
      asked.add(folded);
    }
    asked.addAll(sizes);
    double worst = 0;
    for (int i = 0; i < asked.size(); i++) {
      long size = asked.get(i);
      boolean ingested = i == 0 && folded > 0;
      long start = System.nanoTime();
      jdbi.useHandle(handle -> handle.execute("TRUNCATE rollups, rollup_journal, rollup_packs"));
      if (ingested) {
        grow(size);
      } else {
        write(size);
      }
      long made = System.nanoTime();
      pack();
      ObjectNode figures = each.addObject();
      figures.put("exchanges", size);
      figures.put("ingested", ingested);
      figures.put("rows_of_sums", number("SELECT count(*) FROM rollups"));
      figures.put("bytes_of_sums", number("SELECT pg_total_relation_size('rollups')"));
      figures.put("bytes_of_packs", number("SELECT pg_total_relation_size('rollup_packs')"));
      figures.put("load", load());
      out.printf(
          Locale.ROOT,
          "%,d exchanges%s: %,d sums, %,.0f MB (made in %.0f s); packs %,.0f MB (%.0f s); load %.1f%n",
          size,
          ingested ? ", counted and folded" : ", sums written as folds leave them",
          figures.get("rows_of_sums").asLong(),
          figures.get("bytes_of_sums").asLong() / 1e6,
          (made - start) / 1e9,
          figures.get("bytes_of_packs").asLong() / 1e6,
          (System.nanoTime() - made) / 1e9,
          load());
      out.flush();
      worst = ask(figures.putArray("questions"), size, growth);
    }
    growth(asked, growth);
    root.put("worst_p50_ms", round(worst));
    root.put("ok", worst <= BAR_MILLIS);
    out.printf(
        Locale.ROOT,
        "slowest question at the last size: %.0f ms at the median (bar %.0f)%n",
        worst,
        BAR_MILLIS);
    out.flush();
    return root;
  }

  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  /** A line for each question: its median at each size. */
  private void growth(List<Long> sizes, Map<String, List<Double>> medians) {
    out.printf("medians in ms by exchanges%n  %-42s", "");
    sizes.forEach(size -> out.printf(Locale.ROOT, " %,12d", size));
    out.println();
    medians.forEach(
        (question, each) -> {
          out.printf("  %-42s", question);
          each.forEach(median -> out.printf(Locale.ROOT, " %12.1f", median));
          out.println();
        });
    out.flush();
  }

  /** As it is when {@code until} is now. */
  private void pack() throws SQLException {
    new RollupPacks(() -> jdbi).runToTheEnd();
    jdbi.useHandle(
        handle ->
            handle.execute(
                "DELETE FROM rollup_packs WHERE grain = 'hour' AND bucket > ? OR grain = 'day' AND"
                    + " bucket > ?",
                until.minus(3, ChronoUnit.HOURS).atOffset(ZoneOffset.UTC),
                until.minus(25, ChronoUnit.HOURS).atOffset(ZoneOffset.UTC)));
    count(until.minus(1, ChronoUnit.HOURS).toEpochMilli(), IN_THE_JOURNAL);
    for (String table : List.of("rollups", "rollup_packs", "rollup_journal")) {
      jdbi.useHandle(handle -> handle.execute("VACUUM ANALYZE " + table));
    }
  }

  /** All exchanges but those that the journal has at the end. */
  private void write(long size) throws SQLException {
    MadeSums made = new MadeSums(POPULATION);
    List<String> indexes = List.of("rollups_tenant", "rollups_key");
    List<String> definitions = new ArrayList<>();
    try (Handle handle = jdbi.open()) {
      // Folds change no pack: there is none. A load of weeks would ask for each row all the same.
      handle.execute("ALTER TABLE rollups DISABLE TRIGGER USER");
      for (String index : indexes) {
        definitions.add(
            handle
                .createQuery("SELECT pg_get_indexdef(CAST(:index AS regclass))")
                .bind("index", index)
                .mapTo(String.class)
                .one());
        handle.execute("DROP INDEX " + index);
      }
      long exchanges = size - IN_THE_JOURNAL;
      for (int hour = 0; hour < HOURS; hour++) {
        Instant start = until.minus(HOURS - hour, ChronoUnit.HOURS);
        boolean last = start.atOffset(ZoneOffset.UTC).getHour() == 23 || hour == HOURS - 1;
        made.count(exchanges * (hour + 1) / HOURS - exchanges * hour / HOURS);
        handle.<SQLException>useTransaction(
            each -> made.rollups().endHour(each, start.toEpochMilli(), last));
      }
      definitions.forEach(handle::execute);
      handle.execute("ALTER TABLE rollups ENABLE TRIGGER USER");
    }
  }

  private void grow(long size) throws SQLException {
    long exchanges = size - IN_THE_JOURNAL;
    for (int hour = 0; hour < HOURS; hour++) {
      long share = exchanges * (hour + 1) / HOURS - exchanges * hour / HOURS;
      count(until.minus(HOURS - hour, ChronoUnit.HOURS).toEpochMilli(), share);
      if (hour % HOURS_OF_A_FOLD == HOURS_OF_A_FOLD - 1) {
        new RollupFold(() -> jdbi).run();
      }
    }
  }

  private void count(long at, long exchanges) throws SQLException {
    for (long done = 0; done < exchanges; done += OF_A_TRANSACTION) {
      RollupJournal journal = new RollupJournal();
      for (long i = done; i < Math.min(exchanges, done + OF_A_TRANSACTION); i++) {
        String id = Ulid.of(at + i % 3_600_000, 0, counted++);
        InspectionRecord record = samples.inspection(id, at);
        journal.inspected(record);
        journal.completed(Keys.of(record), samples.completion(id, at));
      }
      jdbi.<SQLException>useTransaction(journal::write);
    }
  }

  /** The median of the slowest question. */
  private double ask(ArrayNode into, long size, Map<String, List<Double>> growth) throws Exception {
    double worst = 0;
    // One for all sizes: the first keys of a database are written once.
    Path own = Files.createDirectories(directory.resolve("control-plane"));
    try (Handle still = jdbi.open();
        ControlPlaneUnderTest plane = ControlPlaneUnderTest.start(own, database.url(), HEAP_MIB)) {
      // Of folds: nothing is folded or packed while it asks.
      still.execute("SELECT pg_advisory_lock(7366003)");
      requests(plane, size);
      for (Map.Entry<String, String> question : questions().entrySet()) {
        List<Double> millis = new ArrayList<>();
        int lines = 0;
        double busy = 0;
        for (int i = -WARM_UP; i < TIMES; i++) {
          if (i == 0) {
            busy = -processorMillis(plane);
          }
          long start = System.nanoTime();
          JsonNode answer = get(plane, question.getValue());
          if (i >= 0) {
            millis.add((System.nanoTime() - start) / 1e6);
          }
          lines = answer.path("items").size();
        }
        if (lines == 0) {
          throw new IllegalStateException("no lines: " + question.getValue());
        }
        busy += processorMillis(plane);
        millis.sort(null);
        double median = millis.get(TIMES / 2);
        worst = Math.max(worst, median);
        growth.computeIfAbsent(question.getKey(), key -> new ArrayList<>()).add(median);
        into.addObject()
            .put("question", question.getKey())
            .put("lines", lines)
            .put("p50_ms", round(median))
            .put("max_ms", round(millis.get(TIMES - 1)))
            .put("processor_ms", round(busy / TIMES));
        out.printf(
            Locale.ROOT,
            "  %-42s %6d lines  p50 %7.1f ms  max %7.1f ms  processor %7.1f ms%n",
            question.getKey(),
            lines,
            median,
            millis.get(TIMES - 1),
            busy / TIMES);
        out.flush();
      }
    }
    return worst;
  }

  /** What the control plane and its database have used: says more than times on a busy machine. */
  private double processorMillis(ControlPlaneUnderTest plane) throws IOException {
    long server =
        Long.parseLong(
            Files.readAllLines(directory.resolve("postgres/postmaster.pid")).get(0).strip());
    return Stream.concat(
            ProcessHandle.of(plane.process().pid()).stream(),
            ProcessHandle.of(server).stream().flatMap(ProcessHandle::descendants))
        .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
        .mapToLong(Duration::toMillis)
        .sum();
  }

  /** What is counted is what was made: figures of a database that lost some would say nothing. */
  private void requests(ControlPlaneUnderTest plane, long size) throws Exception {
    long sum = 0;
    for (JsonNode item :
        get(plane, "by=tenant&from=" + until.minus(30, ChronoUnit.DAYS) + "&until=" + until)
            .path("items")) {
      sum += item.path("requests").asLong();
    }
    if (sum != size) {
      throw new IllegalStateException("made " + size + " exchanges, answered " + sum);
    }
  }

  private JsonNode get(ControlPlaneUnderTest plane, String query)
      throws IOException, InterruptedException {
    URI address = plane.address().resolve("/api/v1/statistics?" + query);
    HttpResponse<byte[]> answer =
        http.send(
            HttpRequest.newBuilder(address)
                .header("Authorization", "Bearer " + plane.adminKey())
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) {
      throw new IOException(address + " was answered " + answer.statusCode());
    }
    return WireJson.mapper().readTree(answer.body());
  }

  private long number(String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(Long.class).one());
  }

  private static double round(double value) {
    return Math.round(value * 10) / 10.0;
  }

  @Override
  public void close() throws IOException {
    database.close();
  }
}
