package io.llmtrace.plugin.telemetry;

import io.llmtrace.policies.wire.Batch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The bytes of a spool file. A header (magic {@code LTSP}, format version u16, wire schema u16,
 * length of the node's name u16, the name, CRC-32C of all that) is followed by frames of {@code
 * [length u32][CRC-32C u32][JSON]}, all big-endian. The node's name is in the file because a batch
 * keeps its identity when another process, perhaps with another configuration, sends it.
 */
final class SegmentFile {
  /** Bytes of a frame besides its JSON. */
  static final int FRAME_OVERHEAD = 8;

  private static final int MAGIC = 0x4C545350;
  private static final int FORMAT = 1;
  private static final int FIXED = 10;

  /** Longer than any record of ours: a length beyond it is damage, and must not be allocated. */
  private static final int MAX_RECORD = 16 << 20;

  private SegmentFile() {}

  /**
   * What could be read of a file.
   *
   * @param schema version of the wire types in the records
   * @param node the node that wrote it; empty where the header is damaged
   * @param records JSON of each record that is whole, in order, those behind a damage too
   * @param goodBytes length of the part before the first damage
   * @param lost records that are damaged: as many as the lengths there speak of, and at least one
   *     for each damaged place; 0 where there is no damage
   */
  record Contents(int schema, String node, List<byte[]> records, int goodBytes, int lost) {
    boolean damaged() {
      return lost > 0;
    }
  }

  static byte[] header(String node) {
    byte[] name = node.getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer = ByteBuffer.allocate(FIXED + name.length + Integer.BYTES);
    buffer.putInt(MAGIC).putShort((short) FORMAT).putShort((short) Batch.SCHEMA);
    buffer.putShort((short) name.length).put(name);
    buffer.putInt(crc(buffer.array(), 0, buffer.position()));
    return buffer.array();
  }

  static byte[] frame(byte[] json) {
    return ByteBuffer.allocate(FRAME_OVERHEAD + json.length)
        .putInt(json.length)
        .putInt(crc(json, 0, json.length))
        .put(json)
        .array();
  }

  static Contents read(Path file) throws IOException {
    return decode(Files.readAllBytes(file));
  }

  static Contents decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int headerLength = headerLength(buffer, bytes);
    if (headerLength < 0) {
      // Whose records these are and what their schema is stood there.
      return new Contents(Batch.SCHEMA, "", List.of(), 0, Math.max(1, wholeFrames(buffer, bytes)));
    }
    int schema = buffer.getShort(6);
    int nameLength = headerLength - FIXED - Integer.BYTES;
    String node = new String(bytes, FIXED, nameLength, StandardCharsets.UTF_8);
    List<byte[]> records = new ArrayList<>();
    Resync resync = new Resync(buffer, bytes);
    int goodBytes = bytes.length;
    int lost = 0;
    int at = headerLength;
    while (at < bytes.length) {
      if (isWhole(buffer, bytes, at)) {
        int length = buffer.getInt(at);
        byte[] json = new byte[length];
        buffer.get(at + FRAME_OVERHEAD, json);
        records.add(json);
        at += FRAME_OVERHEAD + length;
        continue;
      }
      goodBytes = Math.min(goodBytes, at);
      int next = resync.after(at);
      lost += countLost(buffer, at, next);
      at = next;
    }
    return new Contents(schema, node, records, goodBytes, lost);
  }

  private static int wholeFrames(ByteBuffer buffer, byte[] bytes) {
    Resync resync = new Resync(buffer, bytes);
    int frames = 0;
    int at = resync.after(0);
    while (at < bytes.length) {
      if (isWhole(buffer, bytes, at)) {
        frames++;
        at += FRAME_OVERHEAD + buffer.getInt(at);
      } else {
        at = resync.after(at);
      }
    }
    return frames;
  }

  private static boolean isWhole(ByteBuffer buffer, byte[] bytes, int at) {
    int length = frameLength(buffer, at);
    return length >= 0
        && crc(bytes, at + FRAME_OVERHEAD, length) == buffer.getInt(at + Integer.BYTES);
  }

  /**
   * Finds where records are whole again. Lengths begin with a byte of 0 or 1, which JSON never
   * holds: the inside of a record is not taken for a frame.
   */
  private static final class Resync {
    /** Bytes that may be summed in search of frames, in sizes of the file. */
    private static final int PATIENCE = 16;

    private final ByteBuffer buffer;
    private final byte[] bytes;
    private long left;

    Resync(ByteBuffer buffer, byte[] bytes) {
      this.buffer = buffer;
      this.bytes = bytes;
      this.left = (long) PATIENCE * bytes.length;
    }

    /** The first whole frame behind a damaged one, or the end. */
    int after(int damaged) {
      for (int at = damaged + 1; at < bytes.length; at++) {
        int length = bytes[at] == 0 || bytes[at] == 1 ? frameLength(buffer, at) : -1;
        if (length >= 0) {
          left -= length;
          if (left < 0) {
            return bytes.length;
          }
          if (isWhole(buffer, bytes, at)) {
            return at;
          }
        }
      }
      return bytes.length;
    }
  }

  private static int headerLength(ByteBuffer buffer, byte[] bytes) {
    if (buffer.limit() < FIXED
        || buffer.getInt(0) != MAGIC
        || buffer.getShort(4) != FORMAT
        || buffer.getShort(8) < 0) {
      return -1;
    }
    int end = FIXED + buffer.getShort(8);
    if (buffer.limit() < end + Integer.BYTES || crc(bytes, 0, end) != buffer.getInt(end)) {
      return -1;
    }
    return end + Integer.BYTES;
  }

  /** The length in the frame at {@code at}, or -1 where no whole frame can start there. */
  private static int frameLength(ByteBuffer buffer, int at) {
    if (buffer.limit() - at < FRAME_OVERHEAD) {
      return -1;
    }
    int length = buffer.getInt(at);
    // A run of zeros has the right checksum for an empty frame: there are no empty ones.
    boolean possible =
        length > 0 && length <= MAX_RECORD && length <= buffer.limit() - at - FRAME_OVERHEAD;
    return possible ? length : -1;
  }

  /** Of what lies between a damage and the next whole frame; at least one. */
  private static int countLost(ByteBuffer buffer, int from, int until) {
    int frames = 0;
    int at = from;
    while (at < until) {
      frames++;
      int length = frameLength(buffer, at);
      if (length < 0) {
        break;
      }
      at += FRAME_OVERHEAD + length;
    }
    // Lengths that do not lead to the next frame are damaged themselves: the last one counts for
    // nothing.
    return at == until ? frames : Math.max(1, frames - 1);
  }

  private static int crc(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }
}
