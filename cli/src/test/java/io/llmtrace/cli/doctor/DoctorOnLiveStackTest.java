package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.GatewayRoute;
import io.llmtrace.cli.stack.Stack;
import io.llmtrace.cli.stack.StackFiles;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.cli.stack.UpstreamUrl;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Both processes, with an embedded database and a gateway; then one after the other is killed. */
@Tag("long")
class DoctorOnLiveStackTest {
  @TempDir private Path folder;

  @Test
  void nothingIsToldOfAWholeStackAndEachDeadProcessIsToldOnce() throws Exception {
    StackFiles files = StackFiles.in(folder.resolve("stack"));
    StackPorts ports = StackPorts.free();
    files.writeConfig("plugin: {node: live}\n", ports);
    try (Stack stack = new Stack(files, ports, line -> {});
        MockProvider provider = MockProvider.start()) {
      List<ChildProcess> processes = stack.startProcesses();
      TestGateway gateway =
          stack.startGateway(
              new GatewayRoute(
                  "live",
                  "{\"mode\":\"observe\"}",
                  true,
                  new UpstreamUrl("http", "127.0.0.1", provider.port(), ""),
                  Duration.ofSeconds(30)),
              Options.of(files.socket()));
      String[] arguments = {
        "--json",
        "--config",
        files.config().toString(),
        "--gateway",
        "http://127.0.0.1:" + gateway.port(),
        "--routes",
        files.routes().toString(),
        "--timeout",
        "30"
      };

      // A node that has just started asks for its policies; until then it says that none came.
      JsonNode healthy = look(0, arguments);

      assertThat(healthy.path("problems")).as("%s", healthy).isEmpty();
      assertThat(statuses(healthy, "ok"))
          .contains(
              "configuration",
              "secrets",
              "java",
              "disk",
              "socket",
              "runner",
              "plugin",
              "gateway",
              "routes",
              "control_plane",
              "key",
              "clock",
              "reports",
              "bundle",
              "models");

      processes.get(1).kill();
      assertThat(checks(look(1, arguments))).containsExactly("socket");

      processes.get(0).kill();
      assertThat(checks(look(1, arguments))).containsExactly("socket", "control_plane");
    }
  }

  private static JsonNode look(int exit, String... arguments) throws Exception {
    StringWriter out = new StringWriter();
    int ended =
        new CommandLine(new DoctorCommand()).setOut(new PrintWriter(out)).execute(arguments);
    assertThat(ended).as("%s", out).isEqualTo(exit);
    return WireJson.mapper().readTree(out.toString());
  }

  private static List<String> checks(JsonNode told) {
    List<String> checks = new ArrayList<>();
    told.path("problems").forEach(each -> checks.add(each.path("check").asText()));
    return checks;
  }

  private static List<String> statuses(JsonNode told, String status) {
    List<String> checks = new ArrayList<>();
    for (JsonNode each : told.path("checks")) {
      if (each.path("status").asText().equals(status)) {
        checks.add(each.path("check").asText());
      }
    }
    return checks;
  }
}
