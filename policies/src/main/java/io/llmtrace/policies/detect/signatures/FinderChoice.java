package io.llmtrace.policies.detect.signatures;

import org.jspecify.annotations.Nullable;

/**
 * The finder in use for one program, changed at most once: from literals to Hyperscan when that has
 * been compiled on a thread of its own. Thread-safe.
 */
final class FinderChoice {
  private volatile CandidateFinder finder = CandidateFinder.LITERALS_ONLY;
  private volatile String note = "";
  private final @Nullable Thread compiling;

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
        note = "hyperscan is being compiled";
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
      finder = HyperscanFinder.compile(program.rules());
      note = "";
    } catch (IllegalStateException | LinkageError e) {
      // Not a fault: most processors and the shaded jar do without. Shown by engineName().
      note = "hyperscan is not available: " + e;
    }
  }

  /** Waits until the choice is final; for measurements. */
  void await() throws InterruptedException {
    if (compiling != null) {
      compiling.join();
    }
  }
}
