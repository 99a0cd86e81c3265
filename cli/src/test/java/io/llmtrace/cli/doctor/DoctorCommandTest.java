package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the command prints, how it ends, and that nothing keeps it. */
class DoctorCommandTest {
  @TempDir Path directory;

  private record Ran(int exit, String out, String err) {}

  private static Ran run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        new CommandLine(new DoctorCommand())
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(args);
    return new Ran(exit, out.toString(), err.toString());
  }

  @Test
  void jsonHasProblemsWithFourFields() throws Exception {
    try (Place place = new Place(directory)) {
      place.deployment();
      Ran ran = run("--json", "--config", place.config().toString());
      assertThat(ran.exit()).isEqualTo(1);
      JsonNode problems = WireJson.mapper().readTree(ran.out()).path("problems");
      assertThat(problems).hasSize(1);
      List<String> fields = new ArrayList<>();
      problems.get(0).fieldNames().forEachRemaining(fields::add);
      assertThat(fields).containsExactly("check", "severity", "cause", "mend");
      assertThat(problems.get(0).path("check").asText()).isEqualTo("socket");
      assertThat(WireJson.mapper().readTree(ran.out()).at("/checks/0/check").asText())
          .isEqualTo("configuration");
    }
  }

  @Test
  void textHasALineForEachCheck() throws Exception {
    try (Runner runner = Runner.start(Files.createDirectory(directory.resolve("runner")));
        Place place = new Place(directory).serve(runner)) {
      place.deployment();
      Path key = Files.writeString(directory.resolve("admin.key"), Place.ADMIN_KEY);
      Ran ran =
          run(
              "--config", place.config().toString(),
              "--admin", place.admin.uri().toString(),
              "--admin-key-file", key.toString(),
              "--gateway", place.gateway.uri().toString());
      assertThat(ran.out())
          .contains("configuration   ok ", "routes          ok       1 of 1 routes", "bundle ")
          .contains("skipped  because plugin.policies.public_keys is empty")
          .endsWith("No problem was found." + System.lineSeparator());
      assertThat(ran.exit()).isZero();
    }
  }

  @Test
  void aWrongArgumentEndsWithTwo() {
    assertThat(run("--role", "gateway").exit()).isEqualTo(2);
    assertThat(run("--timeout", "0").exit()).isEqualTo(2);
    assertThat(run("--admin", "ftp://x").err()).contains("--admin: expected an address such as");
    assertThat(run("--admin", "http://x", "--admin-key-file", "/nonexistent").exit()).isEqualTo(2);
    assertThat(run("--admin", "http://x", "--routes", "y").exit()).isEqualTo(2);
    assertThat(run("--what").exit()).isEqualTo(2);
  }

  /** A check of the tests' own. */
  private record Odd(String name, Work work) implements Check {
    interface Work {
      Outcome look() throws InterruptedException;
    }

    @Override
    public Outcome look(Deployment deployment) throws InterruptedException {
      return work.look();
    }
  }

  @Test
  void aCheckThatHangsOrFailsIsAProblemAndKeepsNobody() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (Place place = new Place(directory)) {
      long began = System.nanoTime();
      Map<String, Outcome> outcomes =
          new Doctor(
                  List.of(
                      new Odd(
                          "hangs",
                          () -> {
                            never.await();
                            return new Outcome.Fine("");
                          }),
                      new Odd(
                          "fails",
                          () -> {
                            throw new IllegalStateException("oops");
                          }),
                      new Odd("fine", () -> new Outcome.Fine("seen"))),
                  Duration.ofSeconds(2))
              .look(place.deployment());
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
      assertThat(Report.problems(outcomes))
          .extracting(Problem::check, Problem::cause)
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple("hangs", "The check did not end within 2 s"),
              org.assertj.core.groups.Tuple.tuple(
                  "fails",
                  "The check itself failed, which is a bug: java.lang.IllegalStateException:"
                      + " oops"));
      assertThat(Report.problems(outcomes))
          .extracting(Problem::mend)
          .containsOnly("./llmtrace doctor --config " + place.config() + " --timeout 60");
      assertThat(outcomes.get("fine")).isEqualTo(new Outcome.Fine("seen"));
    }
  }

  @Test
  void whatPeersSayDoesNotForgeLines() {
    StringWriter out = new StringWriter();
    Report.text(
        Map.of(
            "plugin",
            new Findings("plugin").error("bad\r\nsocket  ok\u001b[2J\u202e", "mend it").or("")),
        new PrintWriter(out));
    assertThat(out.toString()).contains("bad socket  ok [2J").doesNotContain("\u001b", "\u202e");
    assertThat(out.toString().lines().filter(line -> line.startsWith("socket"))).isEmpty();
  }
}
