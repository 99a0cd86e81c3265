package io.llmtrace.plugin.conf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The file behind {@link ConfTable}: one line for each token, a CRC-32 before its JSON, appended
 * under a lock that successive processes share. A torn or damaged line is skipped. Not thread-safe:
 * the table's own thread uses it.
 */
final class ConfFile {
  /** The gateway forgets a token after about an hour; twice that is enough to remember. */
  private static final long KEEP_MILLIS = 2 * 60 * 60 * 1000L;

  private static final long COMPACT_ABOVE_BYTES = 16L * 1024 * 1024;

  private final Path path;
  private final Path lock;
  private long offset;
  private @Nullable Object fileKey;

  /** One token and what it stands for; {@code at} in epoch milliseconds. */
  record Line(int token, String key, List<Map.Entry<String, String>> conf, long at) {
    Line {
      conf = List.copyOf(conf);
    }
  }

  private ConfFile(Path path, Path lock) {
    this.path = path;
    this.lock = lock;
  }

  static ConfFile open(Path directory) throws IOException {
    ConfFile file =
        new ConfFile(directory.resolve("conf-tokens.log"), directory.resolve("conf-tokens.lock"));
    if (Files.exists(file.path) && Files.size(file.path) > COMPACT_ABOVE_BYTES) {
      file.compact();
    }
    return file;
  }

  void append(Line line) throws IOException {
    try (FileChannel guard = guard();
        FileLock held = guard.lock();
        FileChannel out =
            FileChannel.open(
                path,
                java.util.Set.of(
                    StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rw-------")))) {
      Objects.requireNonNull(held);
      long end = out.size();
      // A process that was killed may have left half a line: end it, so that ours is readable.
      if (end > 0 && lastByte(out, end) != '\n') {
        write(out, ByteBuffer.wrap(new byte[] {'\n'}), end);
        end++;
      }
      write(out, ByteBuffer.wrap(encode(line)), end);
    }
  }

  /** Lines written since the last call, by whatever process; everything on the first call. */
  List<Line> readNew() throws IOException {
    byte[] bytes;
    try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ)) {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      if (!Objects.equals(key, fileKey) || in.size() < offset) {
        // A successor has compacted the file.
        fileKey = key;
        offset = 0;
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(in.size() - offset, 1 << 30));
      int n = 0;
      while (buffer.hasRemaining() && n >= 0) {
        n = in.read(buffer, offset + buffer.position());
      }
      bytes = java.util.Arrays.copyOf(buffer.array(), buffer.position());
    } catch (NoSuchFileException e) {
      return List.of();
    }
    List<Line> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        Line line = decode(new String(bytes, start, i - start, StandardCharsets.UTF_8));
        if (line != null) {
          lines.add(line);
        }
        start = i + 1;
      }
    }
    offset += start;
    return lines;
  }

  private void compact() throws IOException {
    try (FileChannel guard = guard();
        FileLock held = guard.lock()) {
      Objects.requireNonNull(held);
      long oldest = System.currentTimeMillis() - KEEP_MILLIS;
      Path next = path.resolveSibling("conf-tokens.next");
      Files.deleteIfExists(next);
      try (FileChannel out =
          FileChannel.open(
              next,
              java.util.Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        for (Line line : readNew()) {
          if (line.at() >= oldest) {
            write(out, ByteBuffer.wrap(encode(line)), out.size());
          }
        }
        out.force(true);
      }
      Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      offset = 0;
      fileKey = null;
    }
  }

  private FileChannel guard() throws IOException {
    return PrivateFiles.openLock(lock);
  }

  private static int lastByte(FileChannel channel, long end) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    return channel.read(one, end - 1) == 1 ? one.get(0) : '\n';
  }

  private static void write(FileChannel out, ByteBuffer bytes, long at) throws IOException {
    long position = at;
    while (bytes.hasRemaining()) {
      position += out.write(bytes, position);
    }
  }

  private static byte[] encode(Line line) throws JsonProcessingException {
    ObjectNode node = WireJson.mapper().createObjectNode();
    node.put("token", line.token()).put("key", line.key()).put("at", line.at());
    ArrayNode conf = node.putArray("conf");
    line.conf().forEach(entry -> conf.addArray().add(entry.getKey()).add(entry.getValue()));
    String json = WireJson.mapper().writeValueAsString(node);
    return (crc(json) + " " + json + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static @Nullable Line decode(String text) {
    if (text.length() < 10 || !crc(text.substring(9)).equals(text.substring(0, 8))) {
      return null;
    }
    try {
      JsonNode node = WireJson.mapper().readTree(text.substring(9));
      List<Map.Entry<String, String>> conf = new ArrayList<>();
      for (JsonNode entry : node.path("conf")) {
        conf.add(Map.entry(entry.path(0).asText(), entry.path(1).asText()));
      }
      return new Line(
          node.path("token").asInt(), node.path("key").asText(), conf, node.path("at").asLong());
    } catch (JsonProcessingException e) {
      // The checksum was right, so a newer release wrote a form we do not know: not for us.
      return null;
    }
  }

  private static String crc(String json) {
    CRC32 crc = new CRC32();
    crc.update(json.getBytes(StandardCharsets.UTF_8));
    return String.format("%08x", crc.getValue());
  }
}
