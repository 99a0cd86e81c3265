package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * A time in which the directory of the plugin's spool is not where the plugin left it, as when a
 * volume is lost: it can make no file there, so it refuses records, and its analysis breaker counts
 * that as a fault. It needs no privileges, and closing it puts everything back.
 */
final class SpoolOutage implements AutoCloseable {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration QUIET = Duration.ofSeconds(20);
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final DemoStack stack;
  private final Path place;
  private final Path away;

  private SpoolOutage(DemoStack stack, Path place, Path away) {
    this.stack = stack;
    this.place = place;
    this.away = away;
  }

  /** Begins when all that was recorded is sent, so that nothing but what comes now is refused. */
  static SpoolOutage begin(DemoStack stack) throws IOException, InterruptedException {
    Path data = stack.files().directory().resolve("plugin");
    Path place = only(data.resolve("spool"));
    long end = System.nanoTime() + QUIET.toNanos();
    while (!names(place).equals(List.of("lock"))) {
      if (System.nanoTime() - end > 0) {
        throw new IOException(
            "the spool holds " + names(place) + " after " + QUIET.toSeconds() + " s");
      }
      Thread.sleep(50);
    }
    Path away = data.resolve("spool-away");
    Files.move(place, away, StandardCopyOption.ATOMIC_MOVE);
    return new SpoolOutage(stack, place, away);
  }

  private static Path only(Path spool) throws IOException {
    try (Stream<Path> entries = Files.list(spool)) {
      List<Path> all = entries.toList();
      if (all.size() != 1) {
        throw new IOException("expected the spool of one process, there are " + all);
      }
      return all.get(0);
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> String.valueOf(entry.getFileName())).sorted().toList();
    }
  }

  /** State of the analysis breaker: {@code closed}, {@code open} or {@code half_open}. */
  String breaker() throws IOException, InterruptedException {
    return breaker(stack);
  }

  /** The same, with or without an outage. */
  static String breaker(DemoStack stack) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(stack.plugin().resolve("/health")).timeout(LONGEST).GET().build();
    JsonNode health =
        WireJson.mapper().readTree(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
    return health.path("circuit_breaker").asText();
  }

  @Override
  public void close() throws IOException {
    Files.move(away, place, StandardCopyOption.ATOMIC_MOVE);
  }
}
