package io.llmtrace.policies.detect.signatures;

import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The finder in use for one program, changed at most once: from literals to Hyperscan when that has
 * been compiled on a thread of its own, because texts came that need it. Thread-safe.
 */
final class FinderChoice {
  /**
   * Compiling takes ten to twenty seconds of one core, which a process that has just started, or
   * takes over from another under load, needs for other things.
   */
  private static final Duration SETTLE = Duration.ofSeconds(60);

  /**
   * Characters of texts full of half matches after which compiling pays: Hyperscan saves some 100
   * ns a character of those, and ordinary texts never ask it.
   */
  private static final long WORTH_COMPILING = 128L << 20;

  private final SignatureProgram program;
  private final long settledNanos;
  private volatile CandidateFinder finder = CandidateFinder.LITERALS_ONLY;
  private volatile String note = "";
  private @Nullable Thread compiling;
  private final CountDownLatch hurry = new CountDownLatch(1);

  private FinderChoice(SignatureProgram program, Duration settle) {
    this.program = program;
    this.settledNanos = System.nanoTime() + settle.toNanos();
  }

  /**
   * Chooses, and compiles where Hyperscan is demanded.
   *
   * @throws LinkageError if Hyperscan is demanded and absent
   * @throws IllegalStateException if Hyperscan is demanded and does not run here
   */
  static FinderChoice make(SignatureProgram program, SignatureEngine engine) {
    return make(program, engine, WORTH_COMPILING, SETTLE);
  }

  /**
   * The same.
   *
   * @param worthCompiling characters that an automatic choice is asked about before it compiles
   * @param settle how long from now it does not compile in any case
   */
  static FinderChoice make(
      SignatureProgram program, SignatureEngine engine, long worthCompiling, Duration settle) {
    FinderChoice choice = new FinderChoice(program, settle);
    switch (engine) {
      case AHO_CORASICK -> choice.note = "chosen by configuration";
      case HYPERSCAN -> choice.finder = HyperscanFinder.compile(program.rules());
      default -> {
        choice.note = "hyperscan is compiled when texts need it";
        choice.finder = choice.new Asked(worthCompiling);
      }
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

  /** Literals, until so many characters were shown that Hyperscan would have read faster. */
  private final class Asked implements CandidateFinder {
    private final long enough;
    private final AtomicLong shown = new AtomicLong();

    Asked(long enough) {
      this.enough = enough;
    }

    @Override
    public String name() {
      return LITERALS_ONLY.name();
    }

    @Override
    public @Nullable BitSet candidates(String text, int from, int to) {
      long before = shown.getAndAdd((long) to - from);
      if (before < enough && before + to - from >= enough) {
        compile();
      }
      return null;
    }
  }

  private synchronized Thread compile() {
    Thread begun = compiling;
    if (begun == null) {
      begun = new Thread(this::compiled, "llmtrace-hyperscan-compiler");
      begun.setDaemon(true);
      begun.start();
      compiling = begun;
    }
    return begun;
  }

  private void compiled() {
    try {
      boolean unused = hurry.await(settledNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
      note = "hyperscan is being compiled";
      finder = HyperscanFinder.compile(program.rules());
      note = "";
    } catch (IllegalStateException | LinkageError e) {
      // Not a fault: most processors and the shaded jar do without. Shown by engineName().
      note = "hyperscan is not available: " + e;
      finder = CandidateFinder.LITERALS_ONLY;
    } catch (InterruptedException e) {
      note = "hyperscan was not compiled: interrupted";
      Thread.currentThread().interrupt();
    }
  }

  /** Makes an automatic choice final now, and waits until it is; for measurements. */
  void await() throws InterruptedException {
    hurry.countDown();
    if (finder instanceof Asked) {
      compile().join();
    }
  }
}
