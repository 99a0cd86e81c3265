package io.llmtrace.plugin.telemetry;

import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.LossRecord;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of one boot id, held by a lock on a file in it. The lock goes with its process, so
 * a directory whose lock is free belongs to nobody any more. Not thread-safe.
 */
final class SpoolDirectory implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SpoolDirectory.class);
  private static final String LOCK = "lock";
  private static final Pattern NAME = Pattern.compile("(\\d{10})\\.([pn])\\.(open|batch)");

  /**
   * Directories held by this process. Needed beside the file lock: POSIX releases all locks that a
   * process has on a file when it closes any descriptor of it, so the file must not even be opened
   * to find out that we hold it ourselves.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final Path key;
  private final FileChannel channel;

  private SpoolDirectory(Path path, Path key, FileChannel channel) {
    this.path = path;
    this.key = key;
    this.channel = channel;
  }

  /**
   * Makes the directory of a new process. It gets its name when its lock is held: under that name
   * it is never without.
   */
  static SpoolDirectory create(Path root, String bootId) throws IOException {
    PrivateFiles.createDirectories(root);
    Path draft = root.resolve("." + bootId + ".new");
    PrivateFiles.createDirectories(draft);
    Path path = root.resolve(bootId);
    Path key = path.toAbsolutePath().normalize();
    FileChannel channel = openLock(draft);
    if (channel.tryLock() == null) {
      channel.close();
      throw new IOException(draft + " is locked by another process");
    }
    HELD.add(key);
    Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
    return new SpoolDirectory(path, key, channel);
  }

  /** Takes over a directory if no process holds it. */
  static Optional<SpoolDirectory> adopt(Path path) throws IOException {
    Path key = path.toAbsolutePath().normalize();
    if (!HELD.add(key)) {
      return Optional.empty();
    }
    boolean taken = false;
    try {
      FileChannel channel = openLock(path);
      try {
        FileLock lock = channel.tryLock();
        taken = lock != null;
      } finally {
        if (!taken) {
          channel.close();
        }
      }
      return taken ? Optional.of(new SpoolDirectory(path, key, channel)) : Optional.empty();
    } catch (NoSuchFileException e) {
      // Another process has sent everything in it and removed it.
      return Optional.empty();
    } finally {
      if (!taken) {
        HELD.remove(key);
      }
    }
  }

  private static FileChannel openLock(Path directory) throws IOException {
    return PrivateFiles.openLock(directory.resolve(LOCK));
  }

  /** The directories of all processes under {@code root}. */
  static List<Path> all(Path root) throws IOException {
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(entry -> Ulid.isValid(String.valueOf(entry.getFileName())))
          .sorted()
          .toList();
    }
  }

  Path path() {
    return path;
  }

  String bootId() {
    return String.valueOf(path.getFileName());
  }

  Path openFile(long sequence, Lane lane) {
    return path.resolve("%010d.%c.open".formatted(sequence, lane.letter()));
  }

  /** Gives a file that is on disk its final name. */
  SealedBatch seal(Path open, long sequence, Lane lane, long bytes, int records)
      throws IOException {
    Path sealed = path.resolve("%010d.%c.batch".formatted(sequence, lane.letter()));
    // A second try, because the disk refused the sync or a stopping process interrupted it, finds
    // the file under its final name.
    if (Files.exists(open) || !Files.exists(sealed)) {
      Files.move(open, sealed, StandardCopyOption.ATOMIC_MOVE);
    }
    sync(path);
    return new SealedBatch(sealed, bootId(), sequence, lane, bytes, records, new AtomicBoolean());
  }

  /**
   * Seals what a dead process left. A damaged file is cut at the first bad checksum, and what was
   * cut is counted by a loss record in the same file: it is in place with the cut or not at all, so
   * it is counted once, whatever happens here.
   *
   * @param now epoch milliseconds for the loss records
   */
  List<SealedBatch> recover(String ownNode, long now) throws IOException {
    List<SealedBatch> batches = new ArrayList<>();
    List<Path> files;
    try (Stream<Path> entries = Files.list(path)) {
      files = entries.sorted().toList();
    }
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      Matcher matcher = NAME.matcher(name);
      if (!matcher.matches()) {
        if (name.endsWith(".tmp")) {
          Files.delete(file);
        }
        continue;
      }
      long sequence = Long.parseLong(matcher.group(1));
      Lane lane = Lane.of(matcher.group(2).charAt(0));
      SegmentFile.Contents contents = SegmentFile.read(file);
      if (contents.damaged()) {
        mend(file, contents, ownNode, now);
        contents = SegmentFile.read(file);
      }
      if (contents.records().isEmpty()) {
        Files.delete(file);
        continue;
      }
      int records = contents.records().size();
      if (name.endsWith(".open")) {
        syncFile(file);
        batches.add(seal(file, sequence, lane, contents.goodBytes(), records));
      } else {
        // It may have been sent before its process died.
        batches.add(
            new SealedBatch(
                file,
                bootId(),
                sequence,
                lane,
                contents.goodBytes(),
                records,
                new AtomicBoolean(true)));
      }
    }
    return batches;
  }

  private void mend(Path file, SegmentFile.Contents contents, String ownNode, long now)
      throws IOException {
    Path draft = path.resolve(file.getFileName() + ".tmp");
    String node = contents.node().isEmpty() ? ownNode : contents.node();
    SegmentWriter writer = SegmentWriter.create(draft, 0, node);
    try {
      for (byte[] json : contents.records()) {
        writer.append(SegmentFile.frame(json));
      }
      LossRecord loss = new LossRecord("spool_corrupt", contents.lost(), now);
      writer.append(SegmentFile.frame(RecordJson.of(loss)));
      writer.sync();
    } finally {
      writer.close();
    }
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync(path);
  }

  private static void syncFile(Path file) throws IOException {
    try (FileChannel opened = FileChannel.open(file, StandardOpenOption.WRITE)) {
      opened.force(true);
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
      opened.force(true);
    }
  }

  /** Removes the directory if no batch is left in it, and gives up the lock in any case. */
  @Override
  public void close() throws IOException {
    try {
      boolean empty;
      try (Stream<Path> entries = Files.list(path)) {
        empty = entries.allMatch(entry -> entry.endsWith(LOCK));
      }
      if (empty) {
        Files.deleteIfExists(path.resolve(LOCK));
        Files.deleteIfExists(path);
      }
    } catch (DirectoryNotEmptyException e) {
      log.debug("{} was opened by an adopter, which will find nothing and remove it", path, e);
    } finally {
      release();
    }
  }

  /** Gives up the lock and touches nothing else. */
  void release() throws IOException {
    channel.close();
    HELD.remove(key);
  }
}
