package io.llmtrace.plugin.telemetry;

import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.LossRecord;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.runtime.files.PrivateFiles;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records on disk until they are acknowledged. Thread-safe: {@link #append} may be called by many
 * threads, {@link #flush} by one at a time, the rest by the sender.
 *
 * <p>{@code append} is one write into the page cache. Everything slow, fsync and rename, is done by
 * {@code flush}, for all records since the last one together.
 */
final class Spool implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Spool.class);
  private static final String REJECTED = "rejected";

  /** Batches set aside for a human to look at; the oldest go first. */
  private static final int MAX_REJECTED = 100;

  /**
   * With as many batches of a lane waiting, more small ones help nobody: files are filled first.
   */
  private static final int FILL_FROM = 4;

  private final Path root;
  private final String node;
  private final SpoolDirectory own;
  private final long maxBytes;
  private final Clock clock;
  private final MeterRegistry metrics;
  private final OpenFiles open;
  private final Map<String, SpoolDirectory> adopted = new ConcurrentHashMap<>();
  private final NavigableSet<SealedBatch> sealed = new ConcurrentSkipListSet<>();
  private final Map<String, Long> lossesToWrite = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final Books books = new Books();
  private final Object dropping = new Object();
  private volatile @Nullable String problem;

  /**
   * Makes the directory of a new process under {@code root}.
   *
   * @param maxBytes bound of all spools under {@code root} that this process holds
   * @param segmentMaxBytes length at which a file is sealed
   */
  Spool(
      Path root,
      String bootId,
      String node,
      long maxBytes,
      long segmentMaxBytes,
      Clock clock,
      MeterRegistry metrics)
      throws IOException {
    this.root = root;
    this.node = node;
    this.own = SpoolDirectory.create(root, bootId);
    this.maxBytes = maxBytes;
    this.clock = clock;
    this.metrics = metrics;
    this.open =
        new OpenFiles(own, node, segmentMaxBytes, bytes, books, why -> problem = why, metrics);
    metrics.gauge("llmtrace.plugin.spool.bytes", bytes);
    metrics.gaugeCollectionSize("llmtrace.plugin.spool.batches", List.of(), sealed);
  }

  String bootId() {
    return own.bootId();
  }

  /** Bytes that wait to be sent. */
  long bytes() {
    return bytes.get();
  }

  /**
   * How long the oldest file of this process has been there that nobody acknowledged; everything
   * that was written before it is acknowledged, or lost.
   */
  Duration oldest() {
    return books.oldest();
  }

  /** Why the last write failed, or null while writes succeed. */
  @Nullable String problem() {
    return problem;
  }

  /** Writes a record; it is in the page cache when this returns. */
  void append(Lane lane, TelemetryRecord item) throws SpoolRefusedException {
    write(lane, item);
    if (bytes.get() > maxBytes) {
      dropOldest();
    }
  }

  private void write(Lane lane, TelemetryRecord item) throws SpoolRefusedException {
    open.append(lane, SegmentFile.frame(RecordJson.of(item)));
    problem = null;
  }

  /** Counts records that are gone; the count itself is spooled, now or as soon as that works. */
  void lost(String reason, long count) {
    metrics.counter("llmtrace.plugin.events.lost", "reason", reason).increment((double) count);
    lossesToWrite.merge(reason, count, Long::sum);
    writeLosses();
  }

  private synchronized void writeLosses() {
    for (Map.Entry<String, Long> loss : lossesToWrite.entrySet()) {
      long count = loss.getValue();
      try {
        write(Lane.PRIORITY, new LossRecord(loss.getKey(), count, clock.millis()));
      } catch (SpoolRefusedException e) {
        log.debug("a loss record has to wait", e);
        return;
      }
      lossesToWrite.computeIfPresent(
          loss.getKey(), (reason, now) -> now == count ? null : Long.valueOf(now - count));
    }
  }

  /**
   * Brings all that was written since the last call to the disk, and seals files that are full or,
   * while few batches wait, that hold anything at all.
   *
   * @throws IOException if the disk refuses; what was not sealed is tried again with the next call
   */
  void flush() throws IOException {
    writeLosses();
    for (Lane lane : Lane.values()) {
      flush(lane, waiting(lane) < FILL_FROM);
    }
  }

  private synchronized void flush(Lane lane, boolean sealCurrent) throws IOException {
    open.seal(lane, sealCurrent, sealed::add);
  }

  private long waiting(Lane lane) {
    return sealed.stream().filter(batch -> batch.lane() == lane).limit(FILL_FROM).count();
  }

  /**
   * Drops the oldest batches, plain ones first, until the bound holds. One that may have been
   * stored already is kept: it would be counted as lost and as received.
   */
  private void dropOldest() {
    synchronized (dropping) {
      for (Lane lane : List.of(Lane.NORMAL, Lane.PRIORITY)) {
        Iterator<SealedBatch> oldest =
            sealed.stream().filter(batch -> batch.lane() == lane).iterator();
        // An eighth is freed at once: a loss record for every few kilobytes would fill what it
        // frees.
        while (bytes.get() > maxBytes - maxBytes / 8 && oldest.hasNext()) {
          SealedBatch batch = oldest.next();
          // From here on the sender leaves it alone, or it was faster.
          if (batch.attempted().compareAndSet(false, true)) {
            drop(batch);
          }
        }
      }
    }
  }

  private void drop(SealedBatch batch) {
    try {
      long plain = batch.records();
      if (batch.lane() == Lane.PRIORITY) {
        // The losses that it tells of are told again, or they would be forgotten with it.
        for (byte[] json : SegmentFile.read(batch.path()).records()) {
          if (WireJson.mapper().readValue(json, TelemetryRecord.class) instanceof LossRecord loss) {
            lossesToWrite.merge(loss.reason(), loss.count(), Long::sum);
            plain--;
          }
        }
      }
      if (plain > 0) {
        lost("spool_full", plain);
      }
      remove(batch, 0);
      log.warn("the spool is full: dropped {} records of {}", batch.records(), batch.path());
    } catch (IOException e) {
      problem = "the spool is full and cannot be emptied: " + e.getMessage();
      log.warn("cannot drop {}", batch.path(), e);
    }
  }

  /** The batch to send next. */
  Optional<SealedBatch> next() {
    for (SealedBatch batch : sealed) {
      return Optional.of(batch);
    }
    return Optional.empty();
  }

  /**
   * Marks a batch as being sent, which keeps it from being dropped.
   *
   * @return its records, or nothing if it has been dropped or removed meanwhile
   */
  Optional<SegmentFile.Contents> claim(SealedBatch batch) throws IOException {
    batch.attempted().set(true);
    synchronized (dropping) {
      if (!sealed.contains(batch)) {
        return Optional.empty();
      }
    }
    try {
      SegmentFile.Contents contents = SegmentFile.read(batch.path());
      if (contents.records().isEmpty()) {
        lost("spool_corrupt", batch.records());
        remove(batch, 0);
        return Optional.empty();
      }
      books.sending(isOwn(batch) ? contents.records().size() : 0);
      return Optional.of(contents);
    } catch (NoSuchFileException e) {
      log.warn("{} was removed by someone else", batch.path(), e);
      lost("spool_missing", batch.records());
      remove(batch, 0);
      return Optional.empty();
    }
  }

  /** The control plane has the batch: it goes. */
  void acknowledge(SealedBatch batch, SegmentFile.Contents sent) throws IOException {
    remove(batch, sent.records().size());
    int damaged = batch.records() - sent.records().size();
    if (damaged > 0) {
      lost("spool_corrupt", damaged);
    }
  }

  /** The control plane will never take the batch: it is set aside and its records counted. */
  void reject(SealedBatch batch) throws IOException {
    Path directory = root.resolve(REJECTED);
    PrivateFiles.createDirectories(directory);
    lost("rejected", batch.records());
    Path aside = directory.resolve(batch.bootId() + "-" + batch.path().getFileName());
    Files.copy(batch.path(), aside, StandardCopyOption.REPLACE_EXISTING);
    remove(batch, 0);
    List<Path> kept;
    try (Stream<Path> entries = Files.list(directory)) {
      kept = new ArrayList<>(entries.sorted().toList());
    }
    for (Path old : kept.subList(0, Math.max(0, kept.size() - MAX_REJECTED))) {
      Files.deleteIfExists(old);
    }
  }

  private boolean isOwn(SealedBatch batch) {
    return batch.bootId().equals(own.bootId());
  }

  /** The books of the records of this process; what it adopted is in those of who made it. */
  NodeSnapshot.Accounts accounts() {
    return books.accounts();
  }

  /**
   * @param taken records of it that are with the control plane; the others are gone
   */
  private void remove(SealedBatch batch, int taken) throws IOException {
    Files.deleteIfExists(batch.path());
    if (!sealed.remove(batch)) {
      return;
    }
    if (isOwn(batch)) {
      books.left(batch.sequence(), batch.records(), taken);
    }
    bytes.addAndGet(-batch.bytes());
    String boot = batch.bootId();
    if (!boot.equals(own.bootId())
        && sealed.stream().noneMatch(other -> other.bootId().equals(boot))) {
      SpoolDirectory done = adopted.remove(boot);
      if (done != null) {
        done.close();
      }
    }
  }

  /**
   * Takes over the spools of processes that are gone.
   *
   * @throws IOException if the spools cannot be listed or one cannot be read
   */
  void adoptOrphans() throws IOException {
    for (Path path : SpoolDirectory.all(root)) {
      Optional<SpoolDirectory> orphan = SpoolDirectory.adopt(path);
      if (orphan.isEmpty()) {
        continue;
      }
      SpoolDirectory directory = orphan.get();
      List<SealedBatch> batches;
      try {
        batches = directory.recover(node, clock.millis());
      } catch (IOException e) {
        directory.close();
        throw e;
      }
      if (batches.isEmpty()) {
        directory.close();
        continue;
      }
      log.info("adopted {} batches of process {}", batches.size(), directory.bootId());
      adopted.put(directory.bootId(), directory);
      for (SealedBatch batch : batches) {
        bytes.addAndGet(batch.bytes());
        sealed.add(batch);
      }
    }
    if (bytes.get() > maxBytes) {
      dropOldest();
    }
  }

  /** Refuses further records and seals those that are there, so that they can be sent. */
  void stopWriting() throws IOException {
    writeLosses();
    open.refuse();
    for (Lane lane : Lane.values()) {
      flush(lane, true);
    }
  }

  /** Gives up the locks. What was not acknowledged stays for the next process. */
  @Override
  public void close() throws IOException {
    stopWriting();
    for (SpoolDirectory directory : adopted.values()) {
      directory.close();
    }
    adopted.clear();
    own.close();
  }

  /** Leaves everything as the death of the process would: open files open, only the locks freed. */
  void abandon() throws IOException {
    open.abandon();
    own.release();
    for (SpoolDirectory directory : adopted.values()) {
      directory.release();
    }
  }
}
