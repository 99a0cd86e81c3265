package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.action.Shell.Redirect;
import io.llmtrace.policies.detect.action.Shell.Word;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is found while one command line is read, and how much may still be done: shared by the rules
 * of all families of commands. Not thread-safe.
 */
final class ShellReading {
  /** Command lines within command lines that are followed. */
  static final int DEEPEST = 4;

  private static final int MOST_DANGERS = 50;

  private final InspectionBudget budget;
  private final List<Danger> dangers = new ArrayList<>();
  private @Nullable Program lastRead;
  private Set<SensitivePath> lastLevels = Set.of();
  private int steps;

  ShellReading(InspectionBudget budget) {
    this.budget = budget;
  }

  /**
   * Where findings of nested text point: at the word that holds it.
   *
   * @param start -1 where the text is not nested and each command has its own place
   * @param depth how many texts it is deep in others
   */
  record Scope(int start, int end, int depth) {
    /** Of a text that is not nested. */
    static Scope own(int depth) {
      return new Scope(-1, -1, depth);
    }

    Scope deeper() {
      return new Scope(start, end, depth + 1);
    }

    int from(int exact) {
      return start < 0 ? exact : start;
    }

    int to(int exact) {
      return start < 0 ? exact : end;
    }
  }

  /** Reads a command line that another one carries. */
  @FunctionalInterface
  interface Nested {
    void read(String script, int start, int end, int depth);
  }

  InspectionBudget budget() {
    return budget;
  }

  List<Danger> dangers() {
    return dangers;
  }

  void add(Danger danger) {
    dangers.add(danger);
  }

  void add(String rule, Severity severity, double confidence, int start, int end) {
    dangers.add(Danger.shell(rule, severity, confidence, start, end));
  }

  void add(String rule, Severity severity, double confidence, Scope scope, Program of) {
    add(rule, severity, confidence, scope.from(of.command().start()), scope.to(of.command().end()));
  }

  /** Something that would carry data away. */
  void leak(String rule, Severity severity, double confidence, int start, int end) {
    dangers.add(Danger.leak(rule, severity, confidence, start, end));
  }

  boolean isFull() {
    if (dangers.size() >= MOST_DANGERS) {
      budget.leaveOut();
      return true;
    }
    return false;
  }

  /** Asked in loops over words: a command may have a million of them. */
  boolean over() {
    return (++steps & 127) == 0 && budget.spent();
  }

  boolean readsSecret(Program program) {
    return reads(program, SensitivePath.SECRET);
  }

  // The very same program is asked several times in a row; comparing its words would cost as much.
  @SuppressWarnings("ReferenceEquality")
  boolean reads(Program program, SensitivePath level) {
    if (program != lastRead) {
      lastRead = program;
      lastLevels = levels(program);
    }
    return lastLevels.contains(level);
  }

  /** How bad the files are that a program reads. */
  private Set<SensitivePath> levels(Program program) {
    Set<SensitivePath> levels = EnumSet.noneOf(SensitivePath.class);
    if (ShellFiles.isReader(program)) {
      for (Word arg : program.args()) {
        if (over()) {
          break;
        }
        levels.add(SensitivePath.of(arg.text()));
      }
    }
    for (Redirect redirect : program.command().redirects()) {
      if (redirect.operator().equals("<")) {
        levels.add(SensitivePath.of(redirect.target().text()));
      }
    }
    return levels;
  }
}
