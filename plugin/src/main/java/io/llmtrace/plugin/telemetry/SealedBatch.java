package io.llmtrace.plugin.telemetry;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A sealed spool file, which is the batch of its number: whatever is sent under this boot id and
 * sequence has the same records. Ordered as they are to be sent: by lane, then oldest process
 * first, then by number.
 *
 * @param path the file
 * @param bootId the process that wrote it
 * @param sequence its number there
 * @param lane its lane
 * @param bytes length of the file
 * @param records records in it
 * @param attempted whether it may have been stored already, its acknowledgement lost
 */
record SealedBatch(
    Path path,
    String bootId,
    long sequence,
    Lane lane,
    long bytes,
    int records,
    AtomicBoolean attempted)
    implements Comparable<SealedBatch> {

  private static final Comparator<SealedBatch> ORDER =
      Comparator.comparing(SealedBatch::lane)
          .thenComparing(SealedBatch::bootId)
          .thenComparingLong(SealedBatch::sequence);

  @Override
  public int compareTo(SealedBatch other) {
    return ORDER.compare(this, other);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SealedBatch batch && compareTo(batch) == 0;
  }

  @Override
  public int hashCode() {
    return bootId.hashCode() * 31 + Long.hashCode(sequence);
  }
}
