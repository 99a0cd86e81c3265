package io.llmtrace.controlplane.siem;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.runtime.config.SiemConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * JSON lines in a file that its owner alone reads, on disk before the database forgets them. A
 * larger file is put away as {@code .1}, that one as {@code .2}, and so on.
 */
final class FileSink implements Sink {
  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final SiemConfig.File config;

  FileSink(SiemConfig.File config) {
    this.config = config;
  }

  @Override
  public String name() {
    return config.name();
  }

  @Override
  public void send(List<Event> events) throws FailedException {
    byte[] lines =
        events.stream()
            .map(Event::json)
            .collect(Collectors.joining("\n", "", "\n"))
            .getBytes(UTF_8);
    try {
      Path directory = config.path().toAbsolutePath().getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      if (Files.exists(config.path())
          && Files.size(config.path()) > 0
          && Files.size(config.path()) + lines.length > config.maxBytes()) {
        putAway();
      }
      append(lines);
    } catch (IOException e) {
      throw new FailedException("the file cannot be written (" + e + ")");
    }
  }

  private void append(byte[] lines) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            config.path(),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
            OWNER_ONLY)) {
      // What a process wrote of a line before it ended is sent again as a whole.
      file.truncate(lastLineEnd(file));
      file.position(file.size());
      ByteBuffer rest = ByteBuffer.wrap(lines);
      while (rest.hasRemaining()) {
        int unused = file.write(rest);
      }
      file.force(true);
    }
  }

  private static long lastLineEnd(FileChannel file) throws IOException {
    ByteBuffer part = ByteBuffer.allocate(1 << 13);
    long end = file.size();
    while (end > 0) {
      long start = Math.max(0, end - part.capacity());
      part.clear().limit((int) (end - start));
      int unused = file.read(part, start);
      for (int i = part.position() - 1; i >= 0; i--) {
        if (part.get(i) == '\n') {
          return start + i + 1;
        }
      }
      end = start;
    }
    return 0;
  }

  private void putAway() throws IOException {
    for (int i = config.keep(); i >= 1; i--) {
      Path from = i == 1 ? config.path() : numbered(i - 1);
      if (Files.exists(from)) {
        Files.move(from, numbered(i), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private Path numbered(int number) {
    return config.path().resolveSibling(config.path().getFileName() + "." + number);
  }

  @Override
  public void close() {
    // Nothing is open between batches.
  }
}
