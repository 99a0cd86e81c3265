package io.llmtrace.cli;

import picocli.CommandLine;

/** The root of the command line, for tests of other packages. */
public final class CommandLines {
  private CommandLines() {}

  public static CommandLine root() {
    return Main.commandLine();
  }
}
