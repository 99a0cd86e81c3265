package io.llmtrace.policies.json;

/**
 * Memory that whoever reads a body takes for what is made of it. Its owner, who opened it, closes
 * it when nobody holds what was made any more; so a reader that fails owes nothing. Used by one
 * thread at a time.
 */
public interface BodyMemory extends AutoCloseable {
  /** For who has no budget: everything is given. What one body may take is bounded all the same. */
  BodyMemory UNCOUNTED =
      new BodyMemory() {
        @Override
        public boolean grow(long bytes) {
          return true;
        }

        @Override
        public void giveBack(long bytes) {
          // Nothing was counted.
        }

        @Override
        public void close() {
          // Nothing was counted.
        }
      };

  /**
   * Takes more.
   *
   * @param bytes not negative
   * @return false where that would be too many: nothing more is held than before
   */
  boolean grow(long bytes);

  /** Gives so many bytes back before the rest. */
  void giveBack(long bytes);

  /** Gives all of it back; closing twice gives back once. */
  @Override
  void close();
}
