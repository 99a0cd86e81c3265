package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.gateway.Answer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults of a node: configuration, files, Java, disk, socket, runner, plugin, models. */
class NodeFaultsTest {
  @TempDir static Path shared;
  @TempDir Path directory;
  private static Runner runner;
  private Place place;

  @BeforeAll
  static void serve() throws Exception {
    runner = Runner.start(shared);
  }

  @AfterAll
  static void stop() {
    runner.close();
  }

  @BeforeEach
  void healthy() throws Exception {
    runner.handler(Runner.PASSES);
    place = new Place(directory);
  }

  @AfterEach
  void end() throws Exception {
    place.close();
  }

  @Test
  void nothingIsToldOfAHealthyNode() throws Exception {
    place.serve(runner);
    Map<String, Outcome> outcomes = place.look();
    assertThat(Report.problems(outcomes)).isEmpty();
    assertThat(outcomes)
        .hasSize(Doctor.standard(place.patience).checks().size())
        .extractingByKeys("socket", "runner", "plugin", "routes", "control_plane", "key", "clock")
        .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Fine.class));
  }

  @Test
  void aKeyThatIsMisspelt() throws Exception {
    place.serve(runner);
    place.pluginKeys.put("tap_secrt", "abc");
    place.error(
        "configuration",
        "plugin.tap_secrt: unknown key, expected \"tap_secret\"?",
        "./llmtrace config validate " + place.config());
  }

  @Test
  void aSecretWhoseFileIsGone() throws Exception {
    place.serve(runner);
    Files.delete(directory.resolve("instance.key"));
    place.error("configuration", "plugin.api_key: expected a file that exists", "edit line ");
  }

  @Test
  void anAlertRuleThatCannotBe() throws Exception {
    place.serve(runner);
    place.more += "alerts: {rules: {no_such_rule: {threshold: 1}}}\n";
    place.error("configuration", "no_such_rule", "config validate");
  }

  @Test
  void aSecretThatOthersMayRead() throws Exception {
    place.serve(runner);
    Path key = directory.resolve("instance.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    place.error(
        "secrets",
        "plugin.api_key: the secret " + key + " is open to others (mode 0644)",
        "chmod 600 " + key);
  }

  @Test
  void aKeyOfTheDataDirectoryThatOthersMayRead() throws Exception {
    place.serve(runner);
    Path key = place.data().resolve("initial-tap.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-rw-rw-"));
    place.error("secrets", "The key " + key, "chmod 600 " + key);
  }

  @Test
  void aDataDirectoryThatOthersMayWrite() throws Exception {
    place.serve(runner);
    Files.setPosixFilePermissions(place.data(), PosixFilePermissions.fromString("rwxrwxrwx"));
    place.error("secrets", "may write the data directory", "chmod go-w " + place.data());
  }

  @Test
  void aConfigurationThatOthersMayWrite() throws Exception {
    place.serve(runner).deployment();
    Files.setPosixFilePermissions(place.config(), PosixFilePermissions.fromString("rw-rw-r--"));
    place.error("secrets", "Others than its owner may write", "chmod go-w " + place.config());
  }

  @Test
  void aTemporaryFolderThatIsNone() throws Exception {
    place.serve(runner);
    place.properties.put("java.io.tmpdir", place.config().toString());
    place.error("java", "java.io.tmpdir is " + place.config(), "JAVA_TOOL_OPTIONS");
  }

  @Test
  void aJavaThatIsTooOld() throws Exception {
    place.serve(runner);
    place.properties.put("java.specification.version", "11");
    place.error("java", "Java 11 is too old", "openjdk-17");
  }

  @Test
  void tooLittleMemory() throws Exception {
    place.serve(runner);
    place.heap = 64L << 20;
    place.warning("java", "only 64 MiB of heap", "-Xmx512m");
  }

  @Test
  void aDiskThatIsNearlyFull() throws Exception {
    place.serve(runner);
    place.side = Check.Side.PLUGIN;
    place.leastFree = Long.MAX_VALUE;
    place.error("disk", "are free below " + place.data(), "df -h");
  }

  @Test
  void aDiskWithFewInodes() throws Exception {
    place.serve(runner);
    place.side = Check.Side.PLUGIN;
    place.leastInodes = Long.MAX_VALUE;
    place.error("disk", "inodes are free below " + place.data(), "df -i");
  }

  @Test
  void aDataDirectoryThatCannotBeMade() throws Exception {
    place.serve(runner);
    place.pluginKeys.put("tap_secret", Place.TAP_SECRET);
    Path file = Files.writeString(directory.resolve("not-a-directory"), "");
    place.pluginKeys.put("data_directory", file.resolve("data").toString());
    place.error("disk", file + " is no directory", "rm " + file);
  }

  @Test
  void aSpoolThatIsNearlyFull() throws Exception {
    place.serve(runner);
    place.pluginKeys.put("spool", "{max_bytes: 100000, segment_max_bytes: 8192}");
    Path spool = Files.createDirectories(place.data().resolve("spool/01JZZZZZZZZZZZZZZZZZZZZZZZ"));
    Files.write(spool.resolve("0000000001.n.batch"), new byte[90_000]);
    place.warning("disk", "The spool holds 90 % of what it may", "plugin.spool.max_bytes");
  }

  @Test
  void aSpoolThatIsFull() throws Exception {
    place.serve(runner);
    place.pluginKeys.put("spool", "{max_bytes: 100000, segment_max_bytes: 8192}");
    Path spool = Files.createDirectories(place.data().resolve("spool/01JZZZZZZZZZZZZZZZZZZZZZZZ"));
    Files.write(spool.resolve("0000000001.n.batch"), new byte[100_000]);
    place.error("disk", "further ones are dropped", "plugin.spool.max_bytes");
  }

  @Test
  void aPluginThatDoesNotRun() throws Exception {
    place.error(
        "socket",
        "There is no socket " + place.socket(),
        "./llmtrace plugin --config " + place.config());
  }

  @Test
  void aPluginThatWasStopped() throws Exception {
    try (Runner own = Runner.start(Files.createDirectory(directory.resolve("own")))) {
      place.serve(own);
    }
    place.error("socket", "a link to a socket that is gone", "./llmtrace plugin");
  }

  @Test
  void aSocketThatWasLeftBehind() throws Exception {
    try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(place.socket()));
    }
    place.error("socket", "Nobody listens on the socket", "./llmtrace plugin");
  }

  @Test
  void aFileWhereTheSocketShouldBe() throws Exception {
    Files.writeString(place.socket(), "");
    place.error("socket", "is no socket, but a file", "rm -r " + place.socket());
  }

  @Test
  void aSocketPathThatIsTooLong() throws Exception {
    place.pluginKeys.put("socket", "/tmp/" + "x".repeat(90));
    place.error("socket", "is a path of 95 bytes", "set plugin.socket");
  }

  @Test
  void aDirectoryThatTheGatewayCannotPass() throws Exception {
    place.gatewayUser = "nobody";
    Path closed = directory.resolve("closed");
    Files.createDirectory(
        closed, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    place.pluginKeys.put("socket", closed.resolve("r.sock").toString());
    try (ServerSocketChannel served = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      served.bind(UnixDomainSocketAddress.of(closed.resolve("r.sock")));
      assertThat(new SocketCheck().look(place.deployment()))
          .isInstanceOfSatisfying(
              Outcome.Wrong.class,
              wrong ->
                  assertThat(wrong.problems())
                      .singleElement()
                      .satisfies(
                          problem -> {
                            assertThat(problem.cause()).contains("cannot reach the socket");
                            assertThat(problem.mend()).startsWith("chmod o+x ");
                          }));
    }
  }

  @Test
  void aGatewayUserThatMayNotConnect() throws Exception {
    place.serve(runner);
    place.gatewayUser = "nobody";
    // The test's own folder may be below one that is closed to others: then that is told.
    place.error("socket", "The gateway's user nobody ", "");
  }

  @Test
  void aGatewayUserThatThisMachineDoesNotHave() throws Exception {
    place.serve(runner);
    place.gatewayUser = "no-such-user";
    place.error("socket", "has no user no-such-user", "--gateway-user");
  }

  @Test
  void aRunnerThatHangs() throws Exception {
    runner.handler((request, lease, responder) -> lease.close());
    place.patience = Place.SHORT;
    place.serve(runner);
    place.error("runner", "gives no answer within 2.0 s", "./llmtrace plugin");
  }

  @Test
  void aRunnerThatIsNone() throws Exception {
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(place.socket()));
      Thread closing =
          new Thread(
              () -> {
                try {
                  while (true) {
                    other.accept().close();
                  }
                } catch (java.io.IOException e) {
                  // The test is over.
                  return;
                }
              });
      closing.setDaemon(true);
      closing.start();
      place.error("runner", "does not speak the gateway's protocol", "./llmtrace plugin");
    }
  }

  @Test
  void aRunnerThatBlocksIsStillOneThatAnswers() throws Exception {
    runner.handler(
        (request, lease, responder) -> {
          lease.close();
          responder.accept(new Answer.Stop(400, Map.of(), new byte[0]));
        });
    place.serve(runner);
    assertThat(Report.problems(place.look())).isEmpty();
  }

  @Test
  void aLocalPortOfAnotherConfiguration() throws Exception {
    place.serve(runner);
    place.plugin.close();
    place.error("plugin", "refuses connections, though its socket is served", "plugin");
  }

  @Test
  void somethingElseOnTheLocalPort() throws Exception {
    place.serve(runner);
    place.plugin.reply("/health", 200, "{\"hello\":\"world\"}");
    place.error("plugin", "Something else than the plugin answers", "ss -ltnp");
  }

  @Test
  void aBreakerThatIsOpen() throws Exception {
    place.serve(runner);
    place.plugin.edit("/health", body -> body.replace("breaker\":\"closed", "breaker\":\"open"));
    place.error("plugin", "The analysis breaker is open", "./llmtrace plugin");
  }

  @Test
  void anotherNodeThanTheConfigurationsOwn() throws Exception {
    place.serve(runner);
    place.plugin.edit("/health", body -> body.replace("gw-1", "gw-2"));
    place.error("plugin", "runs as node gw-2, expected gw-1", "./llmtrace plugin");
  }

  @Test
  void aProblemThatThePluginReports() throws Exception {
    place.serve(runner);
    place.plugin.edit(
        "/health",
        body -> body.replace("problems\":[]", "problems\":[\"the spool refuses: No space left\"]"));
    place.warning("plugin", "the spool refuses: No space left", "/health");
  }

  @Test
  void aModelThatIsNotThere() throws Exception {
    place.serve(runner);
    place.more += model("absent.onnx", "");
    place.error(
        "models", "there is no file " + directory.resolve("absent.onnx"), "put the file at");
  }

  @Test
  void aModelThatIsBroken() throws Exception {
    place.serve(runner);
    Files.writeString(directory.resolve("broken.onnx"), "no model");
    Files.writeString(directory.resolve("tokenizer.json"), "{}");
    place.more += model("broken.onnx", "");
    place.error("models", "model 'own':", "./llmtrace config validate");
  }

  @Test
  void aModelWithAnotherChecksum() throws Exception {
    place.serve(runner);
    Files.writeString(directory.resolve("other.onnx"), "something else");
    place.more += model("other.onnx", ", sha256: " + "0".repeat(64));
    place.error("models", "has the SHA-256", "sha256sum " + directory.resolve("other.onnx"));
  }

  private String model(String file, String rest) {
    return "models: [{id: own, path: %s, tokenizer: %s, labels: {SAFE: benign, BAD: jailbreak}, zones: [user]%s}]\n"
        .formatted(directory.resolve(file), directory.resolve("tokenizer.json"), rest);
  }
}
