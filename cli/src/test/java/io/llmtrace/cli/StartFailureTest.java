package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start that fails says one line with the key; a bug keeps its stack trace. */
class StartFailureTest {
  @TempDir Path directory;

  private LlmtraceConfig config(String text) throws Exception {
    Path file = Files.writeString(directory.resolve("llmtrace.yaml"), text);
    return ConfigFile.load(file, Map.of(), ConfigFile.Role.BOTH);
  }

  private record Ran(int exit, String err) {}

  private static Ran run(String... args) {
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err))
            .execute(args);
    return new Ran(exit, err.toString());
  }

  @Test
  void aPortOfTheControlPlaneThatIsTakenIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path file =
          Files.writeString(
              directory.resolve("llmtrace.yaml"),
              """
              control_plane:
                port: 0
                admin_port: %d
                data_directory: %s
              """
                  .formatted(taken.getLocalPort(), directory.resolve("data")));

      Ran ran = run("control-plane", "--config", file.toString());

      assertThat(ran.exit()).isEqualTo(1);
      assertThat(ran.err().strip())
          .isEqualTo(
              "control_plane.admin_port: expected a free port, but 127.0.0.1:"
                  + taken.getLocalPort()
                  + " is in use by another process; stop that one, or name another port");
    }
  }

  @Test
  void aDataDirectoryThatIsAFileIsNamed() throws Exception {
    Path data = Files.createFile(directory.resolve("data"));
    Path file =
        Files.writeString(
            directory.resolve("llmtrace.yaml"),
            "control_plane: {port: 0, admin_port: 0, data_directory: %s}\n".formatted(data)
                + "plugin: {data_directory: %s}\n".formatted(data));

    for (String role : new String[] {"control-plane", "plugin"}) {
      Ran ran = run(role, "--config", file.toString());

      assertThat(ran.exit()).as(role).isEqualTo(1);
      assertThat(ran.err().strip())
          .as(role)
          .isEqualTo(
              role.replace('-', '_')
                  + ".data_directory: "
                  + data
                  + " is no directory; expected one, or nothing there");
    }
  }

  @Test
  void aFolderOfThePluginThatIsClosedIsNamedWithItsKey() throws Exception {
    LlmtraceConfig config = config("plugin: {data_directory: /srv/data, socket: /run/x/a.sock}\n");
    StartFailure failure = StartFailure.of(config.plugin());

    assertThat(failure.line(new AccessDeniedException("/srv/data/spool")))
        .hasValueSatisfying(
            line ->
                assertThat(line)
                    .startsWith("plugin.data_directory: this user may not use /srv/data/spool"));
    assertThat(failure.line(new AccessDeniedException("/run/x")))
        .hasValueSatisfying(line -> assertThat(line).startsWith("plugin.socket: "));
    assertThat(failure.line(new AccessDeniedException("/else/where")))
        .hasValueSatisfying(
            line -> assertThat(line).startsWith("this user may not use /else/where"));
  }

  @Test
  void aKeyringThatOthersMayReadIsNamedWithItsKeyAndTheMode() throws Exception {
    Path keyring = Files.createFile(directory.resolve("content.keys"));
    Files.setPosixFilePermissions(keyring, PosixFilePermissions.fromString("rw-r--r--"));
    Path file =
        Files.writeString(
            directory.resolve("llmtrace.yaml"),
            """
            control_plane:
              port: 0
              admin_port: 0
              data_directory: %s
              content: {keyring: %s}
            """
                .formatted(directory.resolve("data"), keyring));

    Ran ran = run("control-plane", "--config", file.toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("control_plane.content.keyring: " + keyring)
        .contains("expected mode 0600 (chmod 600 ");
  }

  @Test
  void anAddressOfAnotherMachineIsNamed() throws Exception {
    LlmtraceConfig config = config("plugin: {bind: 192.0.2.1, port: 9464}\n");

    assertThat(
            StartFailure.of(config.plugin())
                .line(
                    new IOException(
                        "cannot listen on 192.0.2.1:9464",
                        new BindException("Cannot assign requested address"))))
        .hasValue(
            "plugin.bind: expected an address of this machine, such as 127.0.0.1, got 192.0.2.1");
  }

  @Test
  void aMessageThatNamesItsKeyIsLeftAsItIs() throws Exception {
    StartFailure failure = StartFailure.of(config("logging: {level: info}\n").plugin());
    IOException folder =
        new IOException("plugin.socket: expected a folder", new AccessDeniedException("/x"));

    assertThat(failure.line(folder)).hasValue("plugin.socket: expected a folder");
  }

  @Test
  void aBugKeepsItsStackTrace() throws Exception {
    StartFailure failure = StartFailure.of(config("logging: {level: info}\n").plugin());
    IllegalStateException bug = new IllegalStateException("oops");

    assertThat(failure.line(bug)).isEmpty();
    assertThatThrownBy(() -> failure.tell(bug, new PrintWriter(new StringWriter()))).isSameAs(bug);
  }
}
