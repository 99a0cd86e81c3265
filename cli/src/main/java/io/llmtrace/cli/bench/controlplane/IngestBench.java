package io.llmtrace.cli.bench.controlplane;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounds;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.postgresql.PGConnection;

/**
 * Measures ingest. The control plane is a process of its own with a heap of 384 MB; PostgreSQL runs
 * beside it. A round sends exchanges that are new, from all senders at once, and is over when the
 * last batch is acknowledged, which means committed. Then the rows of that round are read out and
 * copied, by one connection, into a second database of the same schema. Both start behind a
 * checkpoint. Rounds to warm up come first.
 */
final class IngestBench implements AutoCloseable {
  private static final int HEAP_MIB = 384;
  private static final double BAR = 0.5;

  private static final List<String> TABLES = List.of("exchanges", "completions", "findings");

  private record Round(double seconds, double copySeconds, long rows, long busy, double heapMib) {
    double ratio() {
      return copySeconds / seconds;
    }
  }

  private final Path directory;
  private final int senders;
  private final int exchanges;
  private final PrintWriter out;
  private final EmbeddedDatabase database;
  private final String rawUrl;
  private final ControlPlaneUnderTest controlPlane;
  private final HttpClient http = HttpClient.newHttpClient();

  private IngestBench(
      Path directory,
      int senders,
      int exchanges,
      PrintWriter out,
      EmbeddedDatabase database,
      String rawUrl,
      ControlPlaneUnderTest controlPlane) {
    this.directory = directory;
    this.senders = senders;
    this.exchanges = exchanges;
    this.out = out;
    this.database = database;
    this.rawUrl = rawUrl;
    this.controlPlane = controlPlane;
  }

  static IngestBench start(Path directory, int senders, int exchanges, PrintWriter out)
      throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(directory.resolve("postgres"));
    try {
      String rawUrl = database.url().replaceFirst("/postgres\\?", "/raw?");
      execute(database.url(), "CREATE DATABASE raw");
      ControlPlaneUnderTest.migrate(rawUrl, directory.resolve("raw"));
      ControlPlaneUnderTest controlPlane =
          ControlPlaneUnderTest.start(directory, database.url(), HEAP_MIB);
      return new IngestBench(directory, senders, exchanges, out, database, rawUrl, controlPlane);
    } catch (Exception e) {
      database.close();
      throw e;
    }
  }

  ObjectNode run(int warmUp, int rounds) throws Exception {
    for (int i = 0; i < warmUp; i++) {
      Round unused = round(i);
    }
    List<Round> measured = new ArrayList<>();
    for (int i = 1; i <= rounds; i++) {
      Round round = round(warmUp + i);
      measured.add(round);
      out.printf(
          Locale.ROOT,
          "round %d: %,.0f rows a second, COPY %,.0f, ratio %.2f; heap %.0f MiB; asked to wait %d"
              + " times%n",
          i,
          round.rows() / round.seconds(),
          round.rows() / round.copySeconds(),
          round.ratio(),
          round.heapMib(),
          round.busy());
      out.flush();
    }
    long sent = (long) (rounds + warmUp) * senders * batches() * SampleBatches.EXCHANGES_OF_A_BATCH;
    long exchangesStored = number(database.url(), "SELECT count(*) FROM exchanges");
    long completionsStored = number(database.url(), "SELECT count(*) FROM completions");
    long counted =
        number(
            database.url(),
            "SELECT sum(value)::bigint FROM metric_totals WHERE metric ="
                + " 'llmtrace_requests_total'");
    double ratio = Rounds.median(measured.stream().map(Round::ratio).toList());
    double heap = measured.stream().mapToDouble(Round::heapMib).max().orElse(Double.NaN);
    boolean exact = exchangesStored == sent && completionsStored == sent && counted == sent;
    ObjectNode root = WireJson.mapper().createObjectNode();
    root.put("ok", exact && ratio >= BAR && heap <= HEAP_MIB);
    root.put("ratio_to_copy", two(ratio));
    root.put(
        "rows_per_second",
        Math.round(Rounds.median(measured.stream().map(r -> r.rows() / r.seconds()).toList())));
    root.put(
        "copy_rows_per_second",
        Math.round(Rounds.median(measured.stream().map(r -> r.rows() / r.copySeconds()).toList())));
    root.put("heap_peak_mib", Math.round(heap));
    root.put("heap_limit_mib", HEAP_MIB);
    root.put("senders", senders);
    root.put("exchanges_sent", sent);
    root.put("exchanges_stored", exchangesStored);
    root.put("completions_stored", completionsStored);
    root.put("requests_counted", counted);
    ArrayNode each = root.putArray("rounds");
    for (Round round : measured) {
      each.addObject()
          .put("rows", round.rows())
          .put("seconds", two(round.seconds()))
          .put("copy_seconds", two(round.copySeconds()))
          .put("ratio_to_copy", two(round.ratio()))
          .put("answered_429", round.busy())
          .put("heap_mib", Math.round(round.heapMib()));
    }
    out.printf(
        Locale.ROOT,
        "ratio to COPY %.2f (bar %.1f); heap %.0f MiB (limit %d); sent %,d, stored %,d and %,d,"
            + " counted %,d%n",
        ratio,
        BAR,
        heap,
        HEAP_MIB,
        sent,
        exchangesStored,
        completionsStored,
        counted);
    out.flush();
    return root;
  }

  /** Of one sender in one round. */
  private int batches() {
    return Math.max(1, exchanges / SampleBatches.EXCHANGES_OF_A_BATCH / senders);
  }

  private Round round(int number) throws Exception {
    SampleBatches samples = new SampleBatches(number);
    List<List<byte[]>> bodies = new ArrayList<>();
    for (int i = 0; i < senders; i++) {
      bodies.add(samples.of("node-" + i, "round-" + number, batches()));
    }
    execute(database.url(), "CHECKPOINT");
    AtomicLong busy = new AtomicLong();
    double[] heap = {0};
    String from = text(database.url(), "SELECT clock_timestamp()::text");
    ExecutorService threads = Executors.newFixedThreadPool(senders);
    long start = System.nanoTime();
    try {
      List<Callable<Void>> work = new ArrayList<>();
      for (List<byte[]> own : bodies) {
        work.add(
            () -> {
              for (byte[] body : own) {
                send(body, busy);
              }
              return null;
            });
      }
      List<Future<Void>> ends = new ArrayList<>();
      work.forEach(each -> ends.add(threads.submit(each)));
      for (Future<Void> end : ends) {
        while (!done(end)) {
          heap[0] = Math.max(heap[0], heapMib());
        }
      }
    } finally {
      threads.shutdownNow();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long rows = 0;
    double copied = 0;
    execute(rawUrl, "CHECKPOINT");
    partitions();
    for (String table : TABLES) {
      Path file = directory.resolve(table + ".copy");
      rows += copyOut(table, from, file);
      copied += copyIn(table, file);
      Files.delete(file);
    }
    return new Round(seconds, copied, rows, busy.get(), heap[0]);
  }

  /** Waits a while: the page of metrics has ten thousand series, and reading it is not measured. */
  private static boolean done(Future<Void> end) throws Exception {
    try {
      end.get(2, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  private void send(byte[] body, AtomicLong busy) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(controlPlane.address().resolve("/api/v1/ingest/batches"))
            .header("Authorization", "Bearer " + controlPlane.instanceKey())
            .header("Content-Encoding", "gzip")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    while (true) {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 200) {
        return;
      }
      if (answer.statusCode() != 429) {
        throw new IOException("a batch was answered " + answer.statusCode() + ": " + answer.body());
      }
      busy.incrementAndGet();
      Thread.sleep(50);
    }
  }

  private double heapMib() throws IOException, InterruptedException {
    HttpResponse<String> page =
        http.send(
            HttpRequest.newBuilder(controlPlane.address().resolve("/metrics")).build(),
            HttpResponse.BodyHandlers.ofString());
    return page.body()
            .lines()
            .filter(line -> line.startsWith("jvm_memory_used_bytes{") && line.contains("\"heap\""))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
            .sum()
        / (1 << 20);
  }

  /** The days that the rows go to, as the control plane has made them. */
  private void partitions() throws SQLException {
    try (Connection connection = DriverManager.getConnection(database.url());
        Statement sql = connection.createStatement();
        ResultSet days = sql.executeQuery("SELECT DISTINCT retention, day FROM exchanges")) {
      while (days.next()) {
        execute(
            rawUrl,
            "SELECT llmtrace_partition('%s', '%s')"
                .formatted(days.getString(1), days.getString(2)));
      }
    }
  }

  private long copyOut(String table, String from, Path file) throws SQLException, IOException {
    String rows =
        table.equals("findings")
            ? "SELECT f.* FROM findings f JOIN exchanges e USING (decision_id, day)"
                + " WHERE e.received_at >= '%s'"
            : "SELECT * FROM " + table + " WHERE received_at >= '%s'";
    try (Connection connection = DriverManager.getConnection(database.url());
        OutputStream target = Files.newOutputStream(file)) {
      return connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut("COPY (" + rows.formatted(from) + ") TO STDOUT BINARY", target);
    }
  }

  private double copyIn(String table, Path file) throws SQLException, IOException {
    try (Connection connection = DriverManager.getConnection(rawUrl);
        InputStream source = Files.newInputStream(file)) {
      long start = System.nanoTime();
      long unused =
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn("COPY " + table + " FROM STDIN BINARY", source, 1 << 16);
      return (System.nanoTime() - start) / 1e9;
    }
  }

  private static void execute(String url, String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }

  private static String text(String url, String query) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement sql = connection.createStatement();
        ResultSet row = sql.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  private static long number(String url, String query) throws SQLException {
    return Long.parseLong(text(url, query));
  }

  private static double two(double value) {
    return Math.round(value * 100) / 100.0;
  }

  @Override
  public void close() throws IOException {
    controlPlane.close();
    database.close();
  }
}
