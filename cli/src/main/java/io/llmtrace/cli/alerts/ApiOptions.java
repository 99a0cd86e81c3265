package io.llmtrace.cli.alerts;

import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.Server;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the control plane is, and who asks. */
final class ApiOptions {
  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8080",
      description = "The control plane. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private URI url;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = {
        "An API key, or better file:PATH of one: what stands on a command line others can see.",
        "Default: " + ApiKey.VARIABLE + " of the environment, in the same forms."
      })
  private @Nullable String key;

  @Option(names = "--json", description = "Prints what the API answers.")
  private boolean json;

  boolean json() {
    return json;
  }

  AlertApi api() throws RefusedException {
    URI checked = Server.address("--url", url, "https://llmtrace.example:8080");
    return new AlertApi(checked, ApiKey.of(key, System.getenv(ApiKey.VARIABLE)));
  }

  /** Whether the key goes over a network for all to read. */
  boolean isOpen() {
    return Server.isOpen(url);
  }
}
