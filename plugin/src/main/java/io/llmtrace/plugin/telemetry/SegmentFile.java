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
   * @param records JSON of each record, in order, all before the first damage
   * @param goodBytes length of the part that is whole
   * @param lost records behind the damage: as many as the lengths there speak of, and at least one;
   *     0 where there is no damage
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
      return new Contents(Batch.SCHEMA, "", List.of(), 0, 1);
    }
    int schema = buffer.getShort(6);
    int nameLength = headerLength - FIXED - Integer.BYTES;
    String node = new String(bytes, FIXED, nameLength, StandardCharsets.UTF_8);
    List<byte[]> records = new ArrayList<>();
    int at = headerLength;
    while (at < bytes.length) {
      int length = frameLength(buffer, at);
      if (length < 0
          || crc(bytes, at + FRAME_OVERHEAD, length) != buffer.getInt(at + Integer.BYTES)) {
        return new Contents(schema, node, records, at, countLost(buffer, at));
      }
      byte[] json = new byte[length];
      buffer.get(at + FRAME_OVERHEAD, json);
      records.add(json);
      at += FRAME_OVERHEAD + length;
    }
    return new Contents(schema, node, records, at, 0);
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

  private static int countLost(ByteBuffer buffer, int from) {
    int lost = 0;
    int at = from;
    while (at < buffer.limit()) {
      lost++;
      int length = frameLength(buffer, at);
      if (length < 0) {
        break;
      }
      at += FRAME_OVERHEAD + length;
    }
    return lost;
  }

  private static int crc(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }
}
