package io.llmtrace.policies.detect.signatures;

import java.util.List;

/** A signature pack that cannot be used, with every problem it has. */
public final class PackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> places;

  /**
   * One thing that is wrong.
   *
   * @param pack name of the pack that it is in
   * @param line of the pack's file, counted from 1
   * @param where id of the rule, or what else it is part of; empty for the file as a whole
   * @param what key, what was found, and what would be right
   */
  public record Problem(String pack, int line, String where, String what) {
    @Override
    public String toString() {
      return "line " + line + ": " + (where.isEmpty() ? "" : where + ": ") + what;
    }
  }

  PackException(String pack, List<Problem> places) {
    super(pack + ": " + String.join("; ", shown(places)));
    this.places = List.copyOf(places);
  }

  private static List<String> shown(List<Problem> places) {
    return places.stream().map(Problem::toString).toList();
  }

  /** Each problem with its line, rule and key, in the order of the file. */
  public List<String> problems() {
    return shown(places);
  }

  /** The same, taken apart. */
  public List<Problem> places() {
    return places;
  }
}
