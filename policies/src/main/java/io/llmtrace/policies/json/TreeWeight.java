package io.llmtrace.policies.json;

import com.fasterxml.jackson.core.JsonToken;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How much memory what is made of JSON takes, told from its tokens as they come: {@code [],} is
 * three bytes of a body and sixty of a tree. One document may take {@link #MOST_BYTES}; what it
 * takes beyond its own bytes, which its owner has counted, comes out of a {@link BodyMemory}. One
 * for each body; not thread-safe.
 */
public final class TreeWeight {
  /*
   * Weights are those of Jackson's nodes with compressed pointers, their slots in what holds them
   * and, of a text, of the segment and the pointer that are made of it. Long texts are not weighed:
   * they are in the document as long as they are in the tree.
   */
  private static final int OBJECT = 96;
  private static final int ARRAY = 80;
  private static final int FIELD = 96;
  private static final int TEXT = 160;
  private static final int NUMBER = 32;
  private static final int CONSTANT = 16;

  /** Characters of a JSON Pointer that are part of the weight of what it points to. */
  private static final int USUAL_POINTER = 64;

  /** Characters of an element's number in a pointer. */
  private static final int USUAL_NUMBER = 4;

  /** Bytes of a character of a pointer: it may be escaped, and not Latin. */
  private static final int POINTER_CHARACTER = 4;

  /**
   * Bytes that what is made of one document may take: four times the longest body. A conversation
   * of 20,000 messages of some hundred characters takes 12 MiB, the 300,000 tokens that an API of
   * embeddings takes as numbers 9 MiB, and the numbers of an answer of 16 MiB 41 MiB.
   */
  public static final long MOST_BYTES = 64L << 20;

  /** Bytes taken at once: a budget that all threads share is asked seldom. */
  private static final long STEP = 1L << 18;

  private final BodyMemory memory;

  /** Weight up to which nothing is to be asked. */
  private long covered;

  private long weight;
  private long taken;

  /** Length of the pointer to what is open, at each depth. */
  private long[] pointers = new long[16];

  private int depth;

  /** Length of the name, or number, of what comes next. */
  private int name;

  private @Nullable String failed;

  public TreeWeight(BodyMemory memory) {
    this.memory = memory;
  }

  /**
   * A document begins, and nothing is held any more of what was made of the one before.
   *
   * @param bytes its length, which its owner has counted
   */
  public void begin(long bytes) {
    weight = 0;
    depth = 0;
    name = 0;
    pointers[0] = 0;
    covered = bytes + STEP + taken;
  }

  /** Why a document was not read: that of the first exception; null where all were. */
  public @Nullable String failed() {
    return failed;
  }

  /** Bytes taken of the memory. */
  public long taken() {
    return taken;
  }

  /**
   * A token that is the name of a field.
   *
   * @param length characters
   */
  public void name(int length) throws HeavyJsonException {
    name = length;
    add(FIELD);
  }

  /** Any other token, or null at the end. */
  public void token(@Nullable JsonToken token) throws HeavyJsonException {
    if (token == null) {
      return;
    }
    switch (token) {
      case START_OBJECT -> open(OBJECT);
      case START_ARRAY -> open(ARRAY);
      case END_OBJECT, END_ARRAY -> {
        depth = Math.max(0, depth - 1);
        name = USUAL_NUMBER;
      }
      case VALUE_STRING -> value(TEXT);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> value(NUMBER);
      default -> value(CONSTANT);
    }
  }

  private void open(int bytes) throws HeavyJsonException {
    long pointer = pointer();
    add(bytes + beyondUsual(pointer));
    depth++;
    if (depth == pointers.length) {
      pointers = Arrays.copyOf(pointers, 2 * depth);
    }
    pointers[depth] = pointer;
    name = USUAL_NUMBER;
  }

  private void value(int bytes) throws HeavyJsonException {
    add(bytes + beyondUsual(pointer()));
  }

  private long pointer() {
    return pointers[depth] + 1 + name;
  }

  /** Each value may have its place told, and in a place is every name on the way to it. */
  private static long beyondUsual(long pointer) {
    return pointer <= USUAL_POINTER ? 0 : POINTER_CHARACTER * (pointer - USUAL_POINTER);
  }

  private void add(long bytes) throws HeavyJsonException {
    weight += bytes;
    if (weight > covered) {
      cover();
    }
  }

  private void cover() throws HeavyJsonException {
    if (weight > MOST_BYTES) {
      throw fail(
          "too_large",
          "what is made of it would take more than " + MOST_BYTES + " bytes of memory");
    }
    long more = Math.max(STEP, weight - covered);
    if (!memory.grow(more)) {
      throw fail("memory", "there is no memory for what is made of it");
    }
    taken += more;
    covered += more;
  }

  private HeavyJsonException fail(String reason, String message) {
    if (failed == null) {
      failed = reason;
    }
    return new HeavyJsonException(reason, message);
  }
}
