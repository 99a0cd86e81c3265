package io.llmtrace.cli.deploy;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.llmtrace.cli.CommandLines;
import java.util.List;

/** Command lines that stand in deployment files. */
final class Commands {
  private Commands() {}

  /** Parses a command with all its options, and does not run it. */
  static void parses(List<String> arguments) {
    assertThatCode(() -> CommandLines.root().parseArgs(arguments.toArray(new String[0])))
        .as(String.join(" ", arguments))
        .doesNotThrowAnyException();
  }
}
