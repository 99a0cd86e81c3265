package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class AlertsCommandTest {
  private static final String RULES =
      """
      rules:
        - {name: busy, severity: low, when: requests > 5}
      tests:
        - name: sixty a minute are busy
          series: [{tenant: a, per_minute: {requests: 60}}]
          expect: [{at_seconds: 30, rule: busy, state: %s}]
      """;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir Path directory;

  private int run(String... arguments) {
    CommandLine commands = Main.commandLine();
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(arguments);
  }

  private String file(String text) throws Exception {
    return Files.writeString(directory.resolve("rules.yaml"), text).toString();
  }

  @Test
  void testsOfAFileAreRun() throws Exception {
    assertThat(run("alerts", "test", file(RULES.formatted("firing")))).isZero();
    assertThat(out.toString()).contains("ok    sixty a minute are busy", "1 tests, 0 failed");
  }

  @Test
  void aTestThatFailsSaysWhereAndEndsWithOne() throws Exception {
    String file = file(RULES.formatted("none"));
    assertThat(run("alerts", "test", file)).isEqualTo(1);
    assertThat(out.toString()).contains("FAIL  sixty a minute are busy", "1 tests, 1 failed");
    assertThat(err.toString())
        .contains(file + ":6: tests[0].expect[0]: after 30 s busy was expected to be none");
  }

  @Test
  void aFileThatIsWrongIsRefusedByBoth() throws Exception {
    String file = file("rules:\n  - {name: busy, severity: low, when: request > 5}\n");
    for (String command : new String[] {"validate", "test"}) {
      assertThat(run("alerts", command, file)).isEqualTo(2);
      assertThat(err.toString()).contains(file + ":2: rules[0].when: expected a condition in CEL");
    }
  }

  @Test
  void theExampleIsFine() {
    String example = "../docs/examples/alert-rules.yaml";
    assertThat(run("alerts", "validate", example)).isZero();
    assertThat(run("alerts", "test", example)).isZero();
  }
}
