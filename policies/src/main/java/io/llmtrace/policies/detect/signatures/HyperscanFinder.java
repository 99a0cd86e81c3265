package io.llmtrace.policies.detect.signatures;

import com.gliwka.hyperscan.wrapper.CompileErrorException;
import com.gliwka.hyperscan.wrapper.Database;
import com.gliwka.hyperscan.wrapper.Expression;
import com.gliwka.hyperscan.wrapper.ExpressionFlag;
import com.gliwka.hyperscan.wrapper.HyperscanException;
import com.gliwka.hyperscan.wrapper.Match;
import com.gliwka.hyperscan.wrapper.Scanner;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Asks Hyperscan which rules a text may match. Patterns and texts are given to it as symbols of
 * {@link Fold}, so that its answer covers RE2's whatever the character. A rule that it cannot hold,
 * or whose match may be longer than what it is shown, is always a candidate. Thread-safe.
 *
 * <p>This is the only class that touches the library: where that is absent, loading this class
 * fails, which {@link SignatureEngine} expects.
 */
final class HyperscanFinder implements CandidateFinder {
  /** Scratch spaces; the library allows 256 in a process. A text that finds none does without. */
  private static final int MOST_SCANNERS = 32;

  private final Database database;
  private final BitSet always;
  private final ConcurrentLinkedQueue<Scanner> idle = new ConcurrentLinkedQueue<>();
  private final AtomicInteger made = new AtomicInteger();

  private HyperscanFinder(Database database, BitSet always, Scanner first) {
    this.database = database;
    this.always = always;
    idle.add(first);
    made.set(1);
  }

  /**
   * Compiles; takes seconds for hundreds of rules.
   *
   * @throws LinkageError where the library or its native part is absent
   * @throws IllegalStateException where it does not run on this processor, or refuses the rules
   */
  static HyperscanFinder compile(List<SignatureRule> rules) {
    if (!Scanner.getIsValidPlatform()) {
      throw new IllegalStateException("the processor lacks SSSE3");
    }
    BitSet always = new BitSet();
    List<Expression> expressions = new ArrayList<>();
    for (int r = 0; r < rules.size(); r++) {
      Expression expression = expression(rules.get(r), r);
      if (expression == null) {
        always.set(r);
      } else {
        expressions.add(expression);
      }
    }
    if (expressions.isEmpty()) {
      throw new IllegalStateException("it can hold no rule");
    }
    try {
      Database database = Database.compile(expressions);
      return new HyperscanFinder(database, always, scanner(database));
    } catch (CompileErrorException | HyperscanException e) {
      throw new IllegalStateException("it refuses the rules: " + e.getMessage(), e);
    }
  }

  private static @Nullable Expression expression(SignatureRule rule, int index) {
    PatternFacts facts = rule.pattern().facts();
    if (facts.longestOfAll() > SignatureProgram.LONGEST_MATCH) {
      return null;
    }
    Expression expression =
        new Expression(
            HyperscanPattern.of(PatternParser.parse(rule.pattern().text())),
            EnumSet.of(ExpressionFlag.SINGLEMATCH),
            index);
    return expression.validate().isValid() ? expression : null;
  }

  private static Scanner scanner(Database database) {
    Scanner scanner = new Scanner();
    scanner.allocScratch(database);
    return scanner;
  }

  /** Numbers of the rules that are always candidates. */
  BitSet always() {
    return (BitSet) always.clone();
  }

  @Override
  public String name() {
    return "hyperscan";
  }

  @Override
  public @Nullable BitSet candidates(String text, int from, int to) {
    Scanner scanner = idle.poll();
    if (scanner == null) {
      if (made.incrementAndGet() > MOST_SCANNERS) {
        made.decrementAndGet();
        return null;
      }
      scanner = scanner(database);
    }
    try {
      BitSet candidates = always();
      for (Match match : scanner.scan(database, Fold.symbols(text, from, to))) {
        candidates.set(match.getMatchedExpression().getId());
      }
      return candidates;
    } finally {
      // A scanner that threw is as good as before: a scan leaves nothing in it.
      idle.add(scanner);
    }
  }
}
