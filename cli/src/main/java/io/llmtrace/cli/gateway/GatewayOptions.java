package io.llmtrace.cli.gateway;

import io.llmtrace.cli.remote.Key;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.cli.remote.Server;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which route of which gateway, and who asks. */
final class GatewayOptions {
  static final String VARIABLE = "APISIX_ADMIN_KEY";

  @Option(
      names = "--route",
      paramLabel = "ID",
      required = true,
      description = "The route's id, as the gateway names it.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private String route;

  @Option(
      names = "--admin",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:9180",
      description = "The gateway's Admin API. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private URI admin;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = {
        "A file with the admin key. Default: the key in " + VARIABLE + " of the environment."
      })
  private @Nullable Path keyFile;

  @Option(
      names = "--print",
      description = "Prints the change that would be made, without secrets, and makes none.")
  private boolean print;

  String route() throws RefusedException {
    return AdminApi.routeId(route);
  }

  boolean print() {
    return print;
  }

  AdminApi api() throws RefusedException {
    URI checked = Server.address("--admin", admin, "http://127.0.0.1:9180");
    Path file = keyFile;
    if (file != null) {
      return new AdminApi(checked, Key.read("--key-file", file));
    }
    String key = System.getenv(VARIABLE);
    if (key == null || key.isBlank()) {
      throw new RefusedException(
          Exit.WRONG,
          "no admin key: expected --key-file FILE, or "
              + VARIABLE
              + " in the environment; it stands in deployment.admin.admin_key of the gateway's"
              + " config.yaml");
    }
    return new AdminApi(checked, Key.of(VARIABLE, key));
  }

  /** Whether the key goes over a network for all to read. */
  boolean isOpen() {
    return Server.isOpen(admin);
  }
}
