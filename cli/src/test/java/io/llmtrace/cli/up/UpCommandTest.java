package io.llmtrace.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.cli.stack.UpstreamUrl;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What is wrong is said before anything starts. */
class UpCommandTest {
  private static final String UPSTREAM = "--upstream=https://api.openai.com";

  @TempDir Path directory;
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--upstream=api.openai.com | --upstream: expected a URL such as https://api.openai.com",
        "--upstream=https://me:pw@host | no user or password in it",
        "--upstream=https://host --port=70000 | --port: expected a number from 0 to 65535",
        "--upstream=https://host --ca=/nowhere.pem | --ca /nowhere.pem: expected a file of",
        "--upstream=https://host --enforce --block-style=rude | expected error, refusal or"
            + " forbidden",
        "--upstream=https://host --block-style=refusal | with --enforce only",
        "--port=1 | expected either --upstream URL, or --mock",
        "--upstream=https://host --mock | expected either --upstream URL, or --mock"
      })
  void a_wrong_option_is_2_and_says_what_would_be_right(String options, String said) {
    assertThat(run(options.split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(said).doesNotContain("pw@");
  }

  @Test
  void a_wrong_line_of_the_configuration_is_2_and_named_by_the_users_own_file() throws Exception {
    Path config = Files.writeString(directory.resolve("a.yaml"), "plugin:\n  budget_ms: soon\n");
    assertThat(run(UPSTREAM, "--config=" + config)).isEqualTo(2);
    assertThat(err.toString()).contains(config + ":2: plugin.budget_ms");
  }

  @Test
  void a_port_in_use_is_1_and_says_what_takes_another() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThat(run(UPSTREAM, "--port=" + port)).isEqualTo(1);
      assertThat(err.toString())
          .contains("port " + port + " on 127.0.0.1: ", "--port takes another");

      Path config =
          Files.writeString(directory.resolve("a.yaml"), "plugin: {port: " + port + "}\n");
      assertThat(run(UPSTREAM, "--port=0", "--config=" + config)).isEqualTo(1);
      assertThat(err.toString()).contains("plugin.port of the configuration names it");
    }
  }

  @Test
  void two_of_them_do_not_share_their_data() throws Exception {
    UpSettings settings =
        new UpSettings(
            UpstreamUrl.parse("https://host"),
            0,
            Optional.empty(),
            UpSettings.Enforcement.OBSERVE,
            Optional.empty(),
            directory.resolve("data"));
    UserConfig config = UserConfig.read(Optional.empty(), Map.of());
    try (UpRun first = UpRun.prepare(settings, config, line -> {})) {
      assertThat(first.closing()).isFalse();
      assertThat(run(UPSTREAM, "--port=0")).isEqualTo(1);
      assertThat(err.toString()).contains("is in use by another \"llmtrace up\"");
    }
    UpRun.prepare(settings, config, line -> {}).close();
  }

  @Test
  void ports_of_the_configuration_are_used_and_keys_that_cannot_be_are_named() throws Exception {
    Path config =
        Files.writeString(
            directory.resolve("a.yaml"),
            """
            control_plane: {port: 18080, data_directory: /srv/llmtrace}
            plugin: {socket: /tmp/x.sock, tap_secret: abc, port: 0}
            """);
    UserConfig user = UserConfig.read(Optional.of(config), Map.of());
    assertThat(user.ports().controlPlane()).isEqualTo(18080);
    assertThat(user.ports().plugin()).isNotIn(0, 9464);
    assertThat(user.taken())
        .containsExactly("control_plane.data_directory", "plugin.socket", "plugin.tap_secret");
  }

  @Test
  void without_a_configuration_it_listens_where_the_documentation_says_unless_that_is_taken()
      throws Exception {
    StackPorts standard = StackPorts.standard();
    try (ServerSocket taken =
        new ServerSocket(standard.plugin(), 5, InetAddress.getLoopbackAddress())) {
      assertThat(StackPorts.standard().plugin()).isNotEqualTo(taken.getLocalPort());
    }
    UserConfig user = UserConfig.read(Optional.empty(), Map.of(), standard);
    assertThat(user.ports()).isEqualTo(standard);
    Path config = Files.writeString(directory.resolve("a.yaml"), "plugin: {port: 18081}\n");
    StackPorts ports = UserConfig.read(Optional.of(config), Map.of(), standard).ports();
    assertThat(ports).isEqualTo(new StackPorts(standard.controlPlane(), standard.admin(), 18081));
  }

  private int run(String... options) {
    List<String> arguments = new ArrayList<>(List.of("up", "--data=" + directory.resolve("data")));
    arguments.addAll(List.of(options));
    CommandLine line = new CommandLine(new UpCommand());
    line.setErr(new PrintWriter(err, true));
    line.setOut(new PrintWriter(new StringWriter(), true));
    return line.execute(arguments.subList(1, arguments.size()).toArray(String[]::new));
  }
}
