package io.llmtrace.cli.stack;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for processes that were just started. Stateless. */
public final class Readiness {
  private static final Duration ONE_TRY = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private Readiness() {}

  /**
   * Waits until an address answers 200, or there is no sense in waiting.
   *
   * @param goOn false ends it
   * @return whether it did in time
   */
  public static boolean await(URI address, Duration longest, BooleanSupplier goOn)
      throws InterruptedException {
    HttpClient http = HttpClient.newBuilder().connectTimeout(ONE_TRY).build();
    HttpRequest request = HttpRequest.newBuilder(address).timeout(ONE_TRY).GET().build();
    long end = System.nanoTime() + longest.toNanos();
    while (System.nanoTime() < end && goOn.getAsBoolean()) {
      try {
        if (http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return true;
        }
      } catch (IOException e) {
        // Nobody listens yet: that is what is waited for.
        Thread.sleep(PAUSE.toMillis());
        continue;
      }
      Thread.sleep(PAUSE.toMillis());
    }
    return false;
  }

  /**
   * Waits until a process answers 200.
   *
   * @throws IOException with what it wrote, when it ended or the time did
   */
  public static void await(ChildProcess process, URI address, Duration longest)
      throws IOException, InterruptedException {
    if (!await(address, longest, process::alive)) {
      String what =
          process.alive()
              ? address.getPath()
                  + " did not answer 200 within "
                  + longest.toSeconds()
                  + " s, as on a machine that is busy with other things; started again it goes on"
                  + " with what it has in its data directory"
              : "it " + process.ending();
      throw new IOException(
          "the " + process.name() + " is not ready: " + what + "; it wrote:\n" + process.tail());
    }
  }
}
