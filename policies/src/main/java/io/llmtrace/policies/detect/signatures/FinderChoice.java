package io.llmtrace.policies.detect.signatures;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The finder in use for one program, changed at most once: from literals to Hyperscan when that has
 * been compiled on a thread of its own. Thread-safe.
 */
final class FinderChoice {
  /**
   * Compiling takes some ten seconds of one core, which a process that has just started, or takes
   * over from another under load, needs for other things; and one that ends soon gains nothing.
   */
  private static final long SETTLE_SECONDS = 60;

  private volatile CandidateFinder finder = CandidateFinder.LITERALS_ONLY;
  private volatile String note = "";
  private final @Nullable Thread compiling;
  private final CountDownLatch wanted = new CountDownLatch(1);

  private FinderChoice(SignatureProgram program, SignatureEngine engine) {
    switch (engine) {
      case AHO_CORASICK -> {
        note = "chosen by configuration";
        compiling = null;
      }
      case HYPERSCAN -> {
        finder = HyperscanFinder.compile(program.rules());
        compiling = null;
      }
      default -> {
        note = "hyperscan is compiled in the background, a minute after the start";
        compiling = new Thread(() -> compile(program), "llmtrace-hyperscan-compiler");
        compiling.setDaemon(true);
      }
    }
  }

  /**
   * Chooses, and begins to compile where that is needed.
   *
   * @throws LinkageError if Hyperscan is demanded and absent
   * @throws IllegalStateException if Hyperscan is demanded and does not run here
   */
  static FinderChoice make(SignatureProgram program, SignatureEngine engine) {
    FinderChoice choice = new FinderChoice(program, engine);
    if (choice.compiling != null) {
      choice.compiling.start();
    }
    return choice;
  }

  CandidateFinder finder() {
    return finder;
  }

  /** Why the finder is not Hyperscan; empty when it is. */
  String note() {
    return note;
  }

  private void compile(SignatureProgram program) {
    try {
      if (!wanted.await(SETTLE_SECONDS, TimeUnit.SECONDS)) {
        note = "hyperscan is being compiled";
      }
      finder = HyperscanFinder.compile(program.rules());
      note = "";
    } catch (IllegalStateException | LinkageError e) {
      // Not a fault: most processors and the shaded jar do without. Shown by engineName().
      note = "hyperscan is not available: " + e;
    } catch (InterruptedException e) {
      note = "hyperscan was not compiled: interrupted";
      Thread.currentThread().interrupt();
    }
  }

  /** Makes the choice final now, and waits until it is; for measurements. */
  void await() throws InterruptedException {
    wanted.countDown();
    if (compiling != null) {
      compiling.join();
    }
  }
}
