package io.llmtrace.controlplane.storage;

import java.nio.file.Path;

/** A process that starts a database, says where, and waits to be killed. */
final class LeftBehind {
  private LeftBehind() {}

  public static void main(String[] arguments) throws Exception {
    EmbeddedDatabase started = EmbeddedDatabase.start(Path.of(arguments[0]));
    System.out.println("URL " + started.url());
    Thread.sleep(60_000);
    started.close();
  }
}
