package io.llmtrace.plugin.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The files of this process that are not sealed: for each lane the one that is written, and those
 * that are full. Thread-safe: {@link #append} may be called by many threads, {@link #seal} by one
 * at a time.
 *
 * <p>{@code append} is one write into the page cache under the lock of its lane; {@code seal} syncs
 * and renames outside of it. A full file only changes places with a new one.
 */
final class OpenFiles {
  private final SpoolDirectory own;
  private final String node;
  private final long segmentMaxBytes;
  private final AtomicLong bytes;
  private final Books books;
  private final Consumer<String> problems;
  private final Map<Lane, LaneFiles> lanes = new EnumMap<>(Lane.class);
  private final AtomicLong sequence = new AtomicLong();
  private volatile boolean closed;

  /** The files of a lane; guarded by itself. */
  private static final class LaneFiles {
    private final Counter written;
    private @Nullable SegmentWriter current;
    private final Deque<SegmentWriter> full = new ArrayDeque<>();

    LaneFiles(Counter written) {
      this.written = written;
    }
  }

  /**
   * @param segmentMaxBytes length at which a file is full
   * @param bytes what is written is added to it
   * @param problems told why a write failed, under the lane's lock
   */
  OpenFiles(
      SpoolDirectory own,
      String node,
      long segmentMaxBytes,
      AtomicLong bytes,
      Books books,
      Consumer<String> problems,
      MeterRegistry metrics) {
    this.own = own;
    this.node = node;
    this.segmentMaxBytes = segmentMaxBytes;
    this.bytes = bytes;
    this.books = books;
    this.problems = problems;
    for (Lane lane : Lane.values()) {
      lanes.put(
          lane,
          new LaneFiles(
              metrics.counter(
                  "llmtrace.plugin.spool.records", "lane", String.valueOf(lane.letter()))));
    }
  }

  /** Writes a frame; it is in the page cache when this returns. */
  void append(Lane lane, byte[] frame) throws SpoolRefusedException {
    LaneFiles files = files(lane);
    synchronized (files) {
      if (closed) {
        throw new SpoolRefusedException("the spool is closed");
      }
      try {
        SegmentWriter writer = files.current;
        if (writer == null) {
          long number = sequence.incrementAndGet();
          writer = SegmentWriter.create(own.openFile(number, lane), number, node);
          files.current = writer;
          bytes.addAndGet(writer.bytes());
        }
        writer.append(frame);
        books.made();
        // From its first record on: a file that could not take any has nothing to wait for.
        if (writer.records() == 1) {
          books.began(writer.sequence());
        }
        bytes.addAndGet(frame.length);
        if (writer.bytes() >= segmentMaxBytes) {
          files.full.add(writer);
          files.current = null;
        }
      } catch (IOException e) {
        SegmentWriter broken = files.current;
        if (e instanceof SegmentWriter.BrokenSegmentException && broken != null) {
          files.full.add(broken);
          files.current = null;
        }
        problems.accept("the spool refuses: " + e.getMessage());
        throw new SpoolRefusedException("cannot write to " + own.path() + ": " + e.getMessage(), e);
      }
    }
    files.written.increment();
  }

  private LaneFiles files(Lane lane) {
    LaneFiles files = lanes.get(lane);
    if (files == null) {
      throw new IllegalStateException("no files for " + lane);
    }
    return files;
  }

  /**
   * Brings all that was written of a lane to the disk, and seals what is full.
   *
   * @param sealCurrent whether the file that is written is sealed too, if it holds anything
   * @param sealed told of each batch
   * @throws IOException if the disk refuses; what was not sealed is tried again with the next call
   */
  void seal(Lane lane, boolean sealCurrent, Consumer<SealedBatch> sealed) throws IOException {
    LaneFiles files = files(lane);
    SegmentWriter current;
    synchronized (files) {
      if (sealCurrent && files.current != null && files.current.records() > 0) {
        files.full.add(files.current);
        files.current = null;
      }
      current = files.current;
    }
    while (true) {
      SegmentWriter writer;
      synchronized (files) {
        writer = files.full.peek();
      }
      if (writer == null) {
        break;
      }
      writer.sync();
      writer.close();
      sealed.accept(
          own.seal(writer.path(), writer.sequence(), lane, writer.bytes(), writer.records()));
      synchronized (files) {
        files.full.remove();
      }
    }
    if (current != null) {
      current.sync();
    }
  }

  /** Refuses further records; whoever is at one has written it when this returns. */
  void refuse() {
    for (Lane lane : Lane.values()) {
      synchronized (files(lane)) {
        closed = true;
      }
    }
  }

  /** Refuses further records at once, and leaves everything as it is. */
  void abandon() {
    closed = true;
  }
}
