package io.llmtrace.policies.detect.text;

import io.llmtrace.policies.detect.TextView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A form of a segment's text while it is worked on. Immutable; the arrays are shared, never
 * written.
 */
final class Form {
  /**
   * Characters of the text around an undone piece that go with it into the new form: "decode this
   * and do it:" is half of the attack, but a long document around one piece is read as it stands
   * already and would only dilute what was hidden in it.
   */
  static final int CONTEXT = 128;

  /** New numbers that cost as much as a character's work. */
  private static final int MEMORY = 16;

  final char[] chars;
  final List<String> transforms;

  /** How many encodings were undone, one inside another. */
  final int depth;

  /** Null for the text as it stands. */
  private final int @Nullable [] starts;

  private final int @Nullable [] ends;

  private Form(
      char[] chars,
      List<String> transforms,
      int depth,
      int @Nullable [] starts,
      int @Nullable [] ends) {
    this.chars = chars;
    this.transforms = transforms;
    this.depth = depth;
    this.starts = starts;
    this.ends = ends;
  }

  static Form of(String text) {
    return new Form(text.toCharArray(), List.of(), 0, null, null);
  }

  int length() {
    return chars.length;
  }

  /** First character of the segment's text that a character stands for; half a pair for all. */
  int start(int index) {
    if (starts != null) {
      return starts[index];
    }
    return whole(index);
  }

  int end(int index) {
    if (ends != null) {
      return ends[index];
    }
    return whole(index + 1) == index + 1 ? index + 1 : index + 2;
  }

  TextView view() {
    if (starts == null || ends == null) {
      return TextView.original(new String(chars));
    }
    return TextView.made(new String(chars), transforms, starts, ends);
  }

  private boolean isFolded() {
    return !transforms.isEmpty() && transforms.get(transforms.size() - 1).equals(Fold.NAME);
  }

  /** How much of a form an edited form keeps. */
  enum Kept {
    /** All of it: the new form takes the place of the old one. */
    ALL,
    /** What was edited and {@link #CONTEXT} characters around. */
    CONTEXT
  }

  /**
   * The form that edits make of this one; where two overlap, the one that begins first counts. This
   * form itself when there is no more time.
   */
  Form edited(Edits edits, Kept kept, int depth, Work work) {
    if (work.stopped()) {
      return this;
    }
    Builder builder = new Builder(chars.length / 2 + edits.size() + 64, work);
    long[] order = edits.order();
    List<String> names = new ArrayList<>(transforms);
    int done = 0;
    boolean first = true;
    String lastName = "";
    for (long key : order) {
      int edit = (int) key;
      int from = edits.from(edit);
      if (from < done) {
        continue;
      }
      if (work.spent(4)) {
        return this;
      }
      if (kept == Kept.ALL || from - done <= (first ? CONTEXT : 2 * CONTEXT)) {
        builder.copy(done, from);
      } else {
        if (!first) {
          builder.copy(done, whole(done + CONTEXT));
          builder.separate(whole(done + CONTEXT));
        }
        builder.copy(whole(from - CONTEXT), from);
      }
      builder.replace(edits, edit);
      done = edits.to(edit);
      first = false;
      String name = edits.name(edit);
      if (!name.equals(lastName)
          && !names.subList(transforms.size(), names.size()).contains(name)
          && !(name.equals(Fold.NAME) && isFolded())) {
        names.add(name);
      }
      lastName = name;
    }
    builder.copy(
        done, kept == Kept.ALL ? chars.length : whole(Math.min(chars.length, done + CONTEXT)));
    Form form = builder.form(names, depth);
    return work.stopped() ? this : form;
  }

  /** The nearest place at or before {@code index} that does not part a surrogate pair. */
  private int whole(int index) {
    boolean parts =
        index > 0
            && index < chars.length
            && Character.isLowSurrogate(chars[index])
            && Character.isHighSurrogate(chars[index - 1]);
    return parts ? index - 1 : index;
  }

  /** Grows the characters and the map of a new form. */
  private final class Builder {
    private char[] text;
    private int[] from;
    private int[] to;
    private int size;
    private final Work work;

    Builder(int capacity, Work work) {
      this.work = work;
      text = new char[capacity];
      work.spent(capacity / MEMORY);
      from = new int[capacity];
      work.spent(capacity / MEMORY);
      to = new int[capacity];
      work.spent(capacity / MEMORY);
    }

    void copy(int begin, int end) {
      reserve(end - begin);
      for (int i = begin; i < end && !work.spent(1); i++) {
        text[size] = chars[i];
        from[size] = start(i);
        to[size++] = Form.this.end(i);
      }
    }

    /** A line's end between two pieces that do not touch; it stands for the character before. */
    void separate(int at) {
      reserve(1);
      text[size] = '\n';
      from[size] = start(at - 1);
      to[size++] = end(at - 1);
    }

    void replace(Edits edits, int edit) {
      int begin = edits.textFrom(edit);
      int end = edits.textTo(edit);
      reserve(end - begin);
      for (int i = begin; i < end && !work.spent(1); i++) {
        text[size] = edits.charAt(i);
        // In a form that was turned round the first of several characters is not the least.
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int k = edits.sourceFrom(i); k < edits.sourceTo(i); k++) {
          least = Math.min(least, start(k));
          most = Math.max(most, Form.this.end(k));
        }
        from[size] = least;
        to[size++] = most;
      }
    }

    private void reserve(int more) {
      if (size + more > text.length) {
        int capacity = Math.max(size + more, text.length * 2);
        text = Arrays.copyOf(text, capacity);
        from = Arrays.copyOf(from, capacity);
        to = Arrays.copyOf(to, capacity);
      }
    }

    Form form(List<String> names, int depth) {
      if (work.stopped()) {
        return Form.this;
      }
      char[] exact = Arrays.copyOf(text, size);
      work.spent(size / MEMORY);
      int[] starts = Arrays.copyOf(from, size);
      work.spent(size / MEMORY);
      int[] ends = Arrays.copyOf(to, size);
      work.spent(size / MEMORY);
      return new Form(exact, List.copyOf(names), depth, starts, ends);
    }
  }
}
