package io.llmtrace.cli.deploy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code healthcheck}: asks an address of the same container; exit code 0 for status 200, 1 for all
 * else. Images have no other HTTP client. Redirects are not followed.
 */
@Command(
    name = "healthcheck",
    hidden = true,
    description = "Asks an http address; ends with 0 if it answers 200, with 1 if not.",
    mixinStandardHelpOptions = true)
public final class HealthcheckCommand implements Callable<Integer> {
  private static final int LONGEST_MILLIS = 60_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Parameters(paramLabel = "URL", description = "Such as http://127.0.0.1:8080/readyz.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private URI url;

  @Option(
      names = "--timeout-ms",
      paramLabel = "MS",
      defaultValue = "3000",
      description = "Longest time for connection and answer. Default: ${DEFAULT-VALUE}.")
  private int timeoutMillis;

  @Override
  public Integer call() throws InterruptedException {
    if (!"http".equals(url.getScheme()) || url.getHost() == null) {
      spec.commandLine()
          .getErr()
          .println("expected an address that starts with http://, not " + url);
      return 2;
    }
    if (timeoutMillis < 1 || timeoutMillis > LONGEST_MILLIS) {
      spec.commandLine().getErr().println("--timeout-ms: expected 1 to " + LONGEST_MILLIS);
      return 2;
    }
    Duration longest = Duration.ofMillis(timeoutMillis);
    HttpClient client = HttpClient.newBuilder().connectTimeout(longest).build();
    HttpRequest request = HttpRequest.newBuilder(url).timeout(longest).GET().build();
    try {
      int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status == 200) {
        return 0;
      }
      spec.commandLine().getErr().println(url + " answered " + status);
    } catch (IOException e) {
      spec.commandLine().getErr().println(url + " does not answer: " + e);
    }
    return 1;
  }
}
