package io.llmtrace.controlplane.storage;

import java.time.LocalDate;
import org.jdbi.v3.core.Handle;

/** Has a word before retention drops a day. */
public interface DropGuard {
  /** Lets everything go. */
  DropGuard NONE =
      new DropGuard() {
        @Override
        public void save(LocalDate day) {}

        @Override
        public boolean mayDrop(Handle handle, String parent, String table, LocalDate day) {
          return true;
        }
      };

  /** Moves away what must outlive the day; outside of any transaction. */
  void save(LocalDate day);

  /**
   * Whether nothing in a partition must outlive its day. The answer must hold until the transaction
   * ends.
   *
   * @param handle in the transaction that drops the partition
   * @param parent {@code exchanges}, {@code completions} or {@code findings}
   * @param table the partition
   */
  boolean mayDrop(Handle handle, String parent, String table, LocalDate day);
}
