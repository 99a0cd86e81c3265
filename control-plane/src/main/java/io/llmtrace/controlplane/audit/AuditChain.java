package io.llmtrace.controlplane.audit;

import org.jspecify.annotations.Nullable;

/**
 * Checks a chain of audit rows, fed in their order. A chain shows that a row was edited, removed,
 * put in or moved. It cannot show that the last rows are gone, or that somebody who may write the
 * table made the whole chain anew: for that, a head is kept somewhere else and given as anchor. Not
 * thread-safe.
 */
public final class AuditChain {
  /** Number and hash of a row; of the last one it stands for all before. */
  public record Head(long seq, String hash) {
    /** Of no rows. */
    static final Head NONE = new Head(0, AuditEntry.START);

    /**
     * Reads {@code SEQ:HASH}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static Head parse(String text) {
      if (!text.matches("[0-9]{1,18}:[0-9a-f]{64}")) {
        throw new IllegalArgumentException(
            "expected a number, a colon and 64 hex digits, as verify shows its head");
      }
      int colon = text.indexOf(':');
      return new Head(Long.parseLong(text.substring(0, colon)), text.substring(colon + 1));
    }

    @Override
    public String toString() {
      return seq + ":" + hash;
    }
  }

  /**
   * What was found.
   *
   * @param intact whether every row, and the anchor, is as it must be
   * @param entries rows that were read
   * @param head of the last row before the fault, else of the last row
   * @param fault what is wrong, and from which row on nothing is known; {@code null} if intact
   */
  public record Verdict(boolean intact, long entries, Head head, @Nullable String fault) {}

  private final @Nullable Head anchor;
  private Head head = Head.NONE;
  private long entries;
  private @Nullable String fault;

  /**
   * @param anchor a head that was noted earlier, {@code null} where there is none
   */
  public AuditChain(@Nullable Head anchor) {
    this.anchor = anchor;
  }

  /** Takes the next row. */
  public void accept(AuditEntry entry) {
    entries++;
    if (fault != null) {
      return;
    }
    long wanted = head.seq() + 1;
    if (entry.seq() != wanted) {
      fault = "row " + wanted + " is missing: row " + entry.seq() + " comes after " + head.seq();
    } else if (!entry.previousHash().equals(head.hash())) {
      fault = "row " + entry.seq() + " does not follow on the row before it";
    } else if (!entry.hash().equals(entry.computedHash())) {
      fault = "row " + entry.seq() + " was changed: its hash is another";
    } else if (anchor != null
        && anchor.seq() == entry.seq()
        && !anchor.hash().equals(entry.hash())) {
      fault = "row " + entry.seq() + " is not the one of the anchor: the chain was made anew";
    } else {
      head = new Head(entry.seq(), entry.hash());
    }
  }

  /** The verdict over all rows that were taken. */
  public Verdict verdict() {
    String found = fault;
    if (found == null && anchor != null && anchor.seq() > head.seq()) {
      found =
          "the chain ends at row "
              + head.seq()
              + ", the anchor is row "
              + anchor.seq()
              + ": the end was cut off";
    }
    return new Verdict(found == null, entries, head, found);
  }
}
