package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Words;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is kept of a system prompt: hashes of its sequences of {@link #LENGTH} words, each with
 * whether it stands in an instruction. Facts that a prompt holds are there to be told (opening
 * hours, prices); how the model is to behave is not. Left out are sequences in quotation marks,
 * which are mostly sentences that the model is to say, and those that the user wrote too.
 * Immutable.
 */
final class PromptPrint {
  /**
   * Words of a sequence: five in a row are seldom the same by chance, and few edits break them all.
   */
  static final int LENGTH = 5;

  /** Prompts of fewer words say nothing that could leak. */
  static final int FEWEST_WORDS = 12;

  static final int MOST_WORDS = 8192;

  static final PromptPrint EMPTY = new PromptPrint(new long[0], new boolean[0], 0, 0);

  private static final Set<Long> MARKS =
      Stream.of(
              "you",
              "your",
              "youre",
              "yourself",
              "must",
              "always",
              "never",
              "dont",
              "should",
              "respond",
              "reply",
              "answer",
              "refuse",
              "avoid",
              "ensure",
              "only",
              "assistant",
              "user",
              "users",
              "instructions",
              "rules",
              "reveal",
              "confidential",
              "du",
              "sie",
              "dein",
              "immer",
              "nie",
              "niemals",
              "antworte",
              "vous",
              "tu",
              "toujours",
              "jamais",
              "réponds",
              "répondez",
              "debes",
              "siempre",
              "nunca",
              "responde",
              "eres",
              "você",
              "sempre",
              "devi",
              "mai",
              "rispondi",
              "ты",
              "вы",
              "всегда",
              "никогда",
              "отвечай",
              "你",
              "您",
              "须",
              "勿",
              "あ",
              "jij",
              "altijd",
              "nooit")
          .map(Words::hash)
          .collect(Collectors.toUnmodifiableSet());

  private final long[] shingles;
  private final boolean[] instructions;
  private final int words;
  private final int instructionCount;

  private PromptPrint(long[] shingles, boolean[] instructions, int words, int instructionCount) {
    this.shingles = shingles;
    this.instructions = instructions;
    this.words = words;
    this.instructionCount = instructionCount;
  }

  static PromptPrint of(List<String> prompts, TextPrint ofUser, InspectionBudget budget) {
    String text = String.join("\n", prompts);
    Words words = Words.of(text, MOST_WORDS, budget);
    if (words.size() < FEWEST_WORDS) {
      return EMPTY;
    }
    boolean[] quoted = quoted(text, words);
    boolean[] instructing = instructing(text, words);
    long[] keys = new long[words.size()];
    int count = 0;
    for (int i = 0; i + LENGTH <= words.size(); i++) {
      long shingle = words.shingle(i, LENGTH);
      boolean told = quoted[i] && quoted[i + LENGTH - 1];
      if (!told && !ofUser.contains(shingle)) {
        boolean instruction = instructing[i] || instructing[i + LENGTH - 1];
        // The lowest bit carries the mark through the sorting.
        keys[count++] = (shingle & ~1L) | (instruction ? 1 : 0);
      }
    }
    return sorted(Arrays.copyOf(keys, count), words.size());
  }

  private static PromptPrint sorted(long[] keys, int words) {
    Arrays.sort(keys);
    long[] shingles = new long[keys.length];
    boolean[] instructions = new boolean[keys.length];
    int count = 0;
    int instructionCount = 0;
    for (long key : keys) {
      if (count == 0 || shingles[count - 1] != (key & ~1L)) {
        shingles[count++] = key & ~1L;
      }
      boolean instruction = (key & 1) == 1;
      instructionCount += instruction && !instructions[count - 1] ? 1 : 0;
      instructions[count - 1] |= instruction;
    }
    return new PromptPrint(
        Arrays.copyOf(shingles, count),
        Arrays.copyOf(instructions, count),
        words,
        instructionCount);
  }

  /**
   * For each word whether it stands in quotation marks; a mark that is not closed quotes nothing.
   */
  private static boolean[] quoted(String text, Words words) {
    boolean[] quoted = new boolean[words.size()];
    int word = 0;
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      char close = c == '"' ? '"' : c == '\u201C' ? '\u201D' : c == '\u00AB' ? '\u00BB' : '\0';
      int end = close == '\0' ? -1 : closing(text, at + 1, close);
      if (end < 0) {
        at++;
        continue;
      }
      while (word < words.size() && words.start(word) < at) {
        word++;
      }
      while (word < words.size() && words.start(word) < end) {
        quoted[word++] = true;
      }
      at = end + 1;
    }
    return quoted;
  }

  private static int closing(String text, int from, char close) {
    int limit = Math.min(text.length(), from + 600);
    for (int i = from; i < limit; i++) {
      if (text.charAt(i) == close) {
        return i;
      }
    }
    return -1;
  }

  /** For each word whether its sentence tells the model what to do. */
  private static boolean[] instructing(String text, Words words) {
    boolean[] instructing = new boolean[words.size()];
    int from = 0;
    while (from < words.size()) {
      boolean mark = false;
      int to = from;
      do {
        mark |= MARKS.contains(words.hash(to));
        to++;
      } while (to < words.size() && !endsSentence(text, words.end(to - 1), words.start(to)));
      Arrays.fill(instructing, from, to, mark);
      from = to;
    }
    return instructing;
  }

  private static boolean endsSentence(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (".!?\n\u3002\uFF01\uFF1F;".indexOf(text.charAt(i)) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Index of a sequence, or a negative number. */
  int find(long shingle) {
    return Arrays.binarySearch(shingles, shingle & ~1L);
  }

  boolean isInstruction(int index) {
    return instructions[index];
  }

  int bytes() {
    return (Long.BYTES + 1) * shingles.length;
  }

  int size() {
    return shingles.length;
  }

  int words() {
    return words;
  }

  int instructionCount() {
    return instructionCount;
  }
}
