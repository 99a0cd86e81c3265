package io.llmtrace.cli.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Other programs of this machine that faults need. Stateless. */
final class Signals {
  private Signals() {}

  /**
   * Sends a signal, such as {@code STOP}, to processes that this run started. One that has ended by
   * itself in the meantime, as a database's workers do, is none of its failures.
   */
  static void send(String signal, List<Long> processes) throws IOException, InterruptedException {
    for (long pid : processes) {
      try {
        run(List.of("kill", "-" + signal, Long.toString(pid)));
      } catch (IOException e) {
        if (ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
          throw e;
        }
      }
    }
  }

  /**
   * Runs a program to its end.
   *
   * @return what it wrote
   * @throws IOException with what it wrote, when it does not end with 0
   */
  static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String wrote = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException(String.join(" ", command) + " ended with " + code + ": " + wrote);
    }
    return wrote;
  }
}
