package io.llmtrace.plugin.limits;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.limit.SpendSnapshot;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was spent, on disk: a CRC-32 in a line of its own, then JSON. Written whole and renamed; a
 * file that is damaged is set aside, never fatal. Used by one thread at a time.
 */
final class SpendFile {
  static final String NAME = "limits-spent.json";
  private static final Logger log = LoggerFactory.getLogger(SpendFile.class);

  private final Path file;
  private volatile @Nullable String unread;
  private volatile @Nullable String unwritten;

  SpendFile(Path directory) {
    this.file = directory.resolve(NAME);
  }

  /** What was kept; empty where there is nothing, or nothing that can be used. */
  Optional<SpendSnapshot> read() {
    try {
      Optional<byte[]> bytes = PrivateFiles.read(file);
      return bytes.isEmpty() ? Optional.empty() : Optional.of(decode(bytes.get()));
    } catch (DamagedException e) {
      setAside(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      unread = file + " cannot be read, budgets began at nothing: " + e.getMessage();
      log.warn("{}", unread);
    }
    return Optional.empty();
  }

  private void setAside(String why) {
    Path aside = file.resolveSibling(NAME + ".damaged");
    unread = file + " was damaged (" + why + ") and is now " + aside + ", budgets began at nothing";
    log.warn("{}", unread);
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      // The next write replaces it, which is what matters.
      log.warn("{} cannot be set aside: {}", file, e.getMessage());
    }
  }

  /** Keeps what was spent; a failure is a problem until a later write succeeds. */
  void write(SpendSnapshot snapshot) {
    try {
      PrivateFiles.write(file, encode(snapshot));
      unwritten = null;
    } catch (IOException e) {
      String before = unwritten;
      unwritten =
          file + " cannot be written, a restart would forget what was spent: " + e.getMessage();
      if (before == null) {
        log.warn("{}", unwritten);
      }
    }
  }

  /** Whether the last write failed. */
  boolean isBehind() {
    return unwritten != null;
  }

  /**
   * What an operator should know: of the start until the next one, of writing until it succeeds.
   */
  List<String> problems() {
    return Stream.of(Optional.ofNullable(unread), Optional.ofNullable(unwritten))
        .flatMap(Optional::stream)
        .toList();
  }

  private static byte[] encode(SpendSnapshot snapshot) throws IOException {
    byte[] json = WireJson.mapper().writeValueAsBytes(snapshot);
    byte[] sum = (checksum(json) + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[sum.length + json.length];
    System.arraycopy(sum, 0, all, 0, sum.length);
    System.arraycopy(json, 0, all, sum.length, json.length);
    return all;
  }

  private static SpendSnapshot decode(byte[] bytes) throws DamagedException, IOException {
    int line = checksum(new byte[0]).length();
    if (bytes.length <= line || bytes[line] != '\n') {
      throw new DamagedException("no checksum");
    }
    byte[] json = java.util.Arrays.copyOfRange(bytes, line + 1, bytes.length);
    if (!new String(bytes, 0, line, StandardCharsets.US_ASCII).equals(checksum(json))) {
      throw new DamagedException("its checksum is another");
    }
    try {
      SpendSnapshot read = WireJson.mapper().readValue(json, SpendSnapshot.class);
      check(read);
      return read;
    } catch (JsonProcessingException e) {
      throw new DamagedException(e.getOriginalMessage());
    }
  }

  /** A sum that is right was made by somebody; it need not have been this release. */
  private static void check(@Nullable SpendSnapshot read) throws DamagedException {
    if (read == null) {
      throw new DamagedException("nothing in it");
    }
    for (SpendSnapshot.Entry entry : read.entries()) {
      if (entry == null
          || entry.limit() == null
          || entry.by() == null
          || entry.window() == null
          || entry.spent() == null) {
        throw new DamagedException("an entry lacks a field");
      }
      for (Map.Entry<Long, Long> one : entry.spent().entrySet()) {
        if (one.getValue() == null || one.getValue() < 0) {
          throw new DamagedException("an amount is below zero");
        }
      }
    }
  }

  private static String checksum(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return "%08x".formatted(crc.getValue());
  }

  private static final class DamagedException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedException(String message) {
      super(message);
    }
  }
}
