package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The sums of one dimension in one hour or day over all tenants, column by column: some 30 bytes a
 * name instead of a row of hundreds. Sketches are kept apart, for few questions need all of them.
 *
 * <p>The form: a byte that says which; names, their length before them; each sum as the length of
 * its column, none where all are zero, and a variable-length number a name; the scale of the costs,
 * then each cost's unscaled value behind its length. Immutable.
 */
final class Pack {
  /** Another form of another release is not read: the rows answer. */
  static final int FORM = 1;

  /** What sums are kept by: key and key2 of {@link Cell}, or the tenant where these are empty. */
  record Name(String key, String key2) implements Comparable<Name> {
    /** As {@code COLLATE "C"} has it. */
    @Override
    public int compareTo(Name other) {
      int order = ByCodePoint.compare(key, other.key);
      return order != 0 ? order : ByCodePoint.compare(key2, other.key2);
    }
  }

  /** As they are stored. */
  static final class Bytes {
    private final byte[] sums;
    private final byte[] sketches;

    Bytes(byte[] sums, byte[] sketches) {
      this.sums = sums;
      this.sketches = sketches;
    }

    byte[] sums() {
      return sums;
    }

    byte[] sketches() {
      return sketches;
    }
  }

  private final ByteBuffer bytes;
  private final int size;
  private final ByteBuffer names;

  private Pack(ByteBuffer bytes) {
    this.bytes = bytes;
    size = (int) VarLong.read(bytes);
    int length = (int) VarLong.read(bytes);
    names = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
  }

  /** Reads a pack, or null if it is of a form that is not known. */
  static @Nullable Pack of(byte[] sums) {
    ByteBuffer bytes = ByteBuffer.wrap(sums);
    return bytes.get() == FORM ? new Pack(bytes) : null;
  }

  static Bytes write(SortedMap<Name, Measures> cells) {
    VarLong.Out names = new VarLong.Out();
    for (Name name : cells.keySet()) {
      names.text(name.key());
      names.text(name.key2());
    }
    VarLong.Out sums = new VarLong.Out();
    sums.raw(FORM);
    sums.number(cells.size());
    sums.block(names.bytes());
    for (Sum sum : Sum.values()) {
      VarLong.Out column = new VarLong.Out();
      if (cells.values().stream().anyMatch(each -> each.get(sum) != 0)) {
        cells.values().forEach(each -> column.number(each.get(sum)));
      }
      sums.block(column.bytes());
    }
    int scale = cells.values().stream().mapToInt(each -> each.costUsd().scale()).max().orElse(0);
    sums.number(scale);
    VarLong.Out lengths = new VarLong.Out();
    VarLong.Out sketches = new VarLong.Out();
    for (Measures each : cells.values()) {
      sums.block(each.costUsd().setScale(scale).unscaledValue().toByteArray());
      byte[] sketch = each.latencyBytes();
      lengths.number(sketch == null ? 0 : sketch.length);
      sketches.raw(sketch == null ? new byte[0] : sketch);
    }
    lengths.raw(sketches.bytes());
    return new Bytes(sums.bytes(), lengths.bytes());
  }

  int size() {
    return size;
  }

  boolean sameNames(Pack other) {
    return names.equals(other.names);
  }

  List<Name> names() {
    ByteBuffer in = names.duplicate();
    List<Name> all = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      all.add(new Name(text(in), text(in)));
    }
    return all;
  }

  private static String text(ByteBuffer in) {
    int length = (int) VarLong.read(in);
    String text =
        new String(in.array(), in.arrayOffset() + in.position(), length, StandardCharsets.UTF_8);
    in.position(in.position() + length);
    return text;
  }

  /**
   * Adds the sums of names.
   *
   * @param which sums; costs come with all of them only
   * @param to where the sums of each name belong, or null
   */
  void addTo(List<Sum> which, boolean costs, @Nullable Measures[] to) {
    ByteBuffer in = bytes.duplicate();
    for (Sum sum : Sum.values()) {
      int length = (int) VarLong.read(in);
      int end = in.position() + length;
      if (length > 0 && which.contains(sum)) {
        for (int i = 0; i < size; i++) {
          long value = VarLong.read(in);
          Measures sums = value == 0 ? null : to[i];
          if (sums != null) {
            sums.add(sum, value);
          }
        }
      }
      in.position(end);
    }
    if (costs) {
      addCosts(in, to);
    }
  }

  private void addCosts(ByteBuffer in, @Nullable Measures[] to) {
    int scale = (int) VarLong.read(in);
    for (int i = 0; i < size; i++) {
      int length = (int) VarLong.read(in);
      int end = in.position() + length;
      Measures sums = to[i];
      if (sums != null && length <= Long.BYTES) {
        long unscaled = in.get();
        while (in.position() < end) {
          unscaled = (unscaled << 8) | (in.get() & 0xff);
        }
        if (unscaled != 0) {
          sums.addCost(BigDecimal.valueOf(unscaled, scale));
        }
      } else if (sums != null) {
        byte[] wide = new byte[length];
        in.get(wide);
        sums.addCost(new BigDecimal(new BigInteger(wide), scale));
      }
      in.position(end);
    }
  }

  /**
   * Adds sketches, as {@link #write} gave them beside the sums.
   *
   * @param to where the sketch of each name belongs, or null
   */
  void addSketches(byte[] sketches, @Nullable Measures[] to) {
    ByteBuffer in = ByteBuffer.wrap(sketches);
    int[] lengths = new int[size];
    for (int i = 0; i < size; i++) {
      lengths[i] = (int) VarLong.read(in);
    }
    int at = in.position();
    for (int i = 0; i < size; i++) {
      Measures sums = lengths[i] == 0 ? null : to[i];
      if (sums != null) {
        sums.addLatencies(Arrays.copyOfRange(sketches, at, at + lengths[i]));
      }
      at += lengths[i];
    }
  }

  /** Names with their sums and sketches, of a test or a look at what is stored. */
  static void read(Bytes bytes, Map<Name, Measures> into) {
    Pack pack = of(bytes.sums());
    if (pack == null) {
      throw new IllegalStateException("a pack of sums has a form that is not known");
    }
    List<Name> names = pack.names();
    Measures[] to = new Measures[names.size()];
    for (int i = 0; i < to.length; i++) {
      to[i] = into.computeIfAbsent(names.get(i), name -> new Measures());
    }
    pack.addTo(List.of(Sum.values()), true, to);
    pack.addSketches(bytes.sketches(), to);
  }
}
