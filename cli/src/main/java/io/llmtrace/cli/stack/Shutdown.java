package io.llmtrace.cli.stack;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a process up until it is told to stop, and then closes what it runs. */
public final class Shutdown {
  private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

  private Shutdown() {}

  /** Waits for SIGTERM or SIGINT; {@code running} is closed before the process ends. */
  public static void await(AutoCloseable running) throws InterruptedException {
    await(running, new CompletableFuture<>());
  }

  /** The same, and returns when {@code done} completes; {@code running} is closed then too. */
  public static void await(AutoCloseable running, CompletableFuture<Void> done)
      throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              close(running);
              end.countDown();
            },
            "shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    Thread waiting =
        new Thread(
            () -> {
              int code = done.handle((nothing, failure) -> failure == null ? 0 : 1).join();
              // The hook closes in both cases: it must not be done twice.
              System.exit(code);
            },
            "until-done");
    waiting.setDaemon(true);
    waiting.start();
    end.await();
  }

  private static void close(AutoCloseable running) {
    try {
      running.close();
    } catch (Exception e) {
      // The last boundary: nobody is left to hand it to.
      log.error("did not stop cleanly", e);
    }
  }
}
