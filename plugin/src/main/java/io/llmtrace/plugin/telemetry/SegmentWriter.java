package io.llmtrace.plugin.telemetry;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A spool file that is being written. Not thread-safe.
 *
 * <p>A {@link RandomAccessFile} and no channel: an interrupt closes a channel under the hands of
 * every other writer, and the threads that write here are interrupted when their time is up.
 */
final class SegmentWriter {
  private final Path path;
  private final long sequence;
  private final RandomAccessFile file;
  private long bytes;
  private int records;
  private boolean synced;

  private SegmentWriter(Path path, long sequence, RandomAccessFile file, long bytes) {
    this.path = path;
    this.sequence = sequence;
    this.file = file;
    this.bytes = bytes;
  }

  static SegmentWriter create(Path path, long sequence, String node) throws IOException {
    PrivateFiles.createFile(path);
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    byte[] header = SegmentFile.header(node);
    try {
      file.write(header);
    } catch (IOException e) {
      file.close();
      // Left behind, it would later be taken for one whose records are lost.
      Files.deleteIfExists(path);
      throw e;
    }
    return new SegmentWriter(path, sequence, file, header.length);
  }

  /**
   * Writes a frame whole, or leaves the file as it was.
   *
   * @throws BrokenSegmentException if part of a frame may be left at the end: nothing may follow it
   * @throws IOException if the frame could not be written
   */
  void append(byte[] frame) throws IOException {
    try {
      file.write(frame);
    } catch (IOException e) {
      try {
        file.setLength(bytes);
        file.seek(bytes);
      } catch (IOException cut) {
        e.addSuppressed(cut);
        throw new BrokenSegmentException(e);
      }
      throw e;
    }
    bytes += frame.length;
    records++;
    synced = false;
  }

  void sync() throws IOException {
    if (!synced) {
      file.getFD().sync();
      synced = true;
    }
  }

  void close() throws IOException {
    file.close();
  }

  Path path() {
    return path;
  }

  long sequence() {
    return sequence;
  }

  long bytes() {
    return bytes;
  }

  int records() {
    return records;
  }

  /** The end of a file is damaged and could not be cut off. */
  static final class BrokenSegmentException extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenSegmentException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
