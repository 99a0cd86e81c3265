package io.llmtrace.policies.redact;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Texts of an exchange in a form that may be kept: every secret and personal datum is a
 * placeholder. What was not read to its end is withheld, and so is a text that still shows
 * something after it was redacted. Thread-safe where the reader is.
 */
public final class TextRedaction {
  private final Reader reader;

  /** Finds what must not be kept. */
  @FunctionalInterface
  public interface Reader {
    /** All of it in one text, or empty where that was not read to its end. */
    Optional<List<Finding>> leaks(Segment segment, InspectionBudget budget);
  }

  public TextRedaction(Reader reader) {
    this.reader = reader;
  }

  /** What became of a text. */
  public sealed interface Outcome {
    /**
     * It may be kept.
     *
     * @param text with placeholders
     */
    record Kept(String text) implements Outcome {
      /** Without the text: what is no secret may still not be for a log. */
      @Override
      public String toString() {
        return "Kept[" + text.length() + " characters]";
      }
    }

    /** It may not be kept. */
    record Withheld(Why why) implements Outcome {}
  }

  /** Why a text may not be kept. */
  public enum Why {
    /** Nobody knows what is in it. */
    UNREAD,
    /** Something in it cannot be replaced. */
    NOT_REDACTABLE
  }

  /**
   * Redacts texts; the newest, which are the last, come first when time is short. The same value
   * has the same placeholder in all of them.
   *
   * @param also what others found of the kind that must not be kept, by the segments' pointers
   * @return as many as there are segments, in their order
   */
  public List<Outcome> redact(List<Segment> segments, List<Finding> also, InspectionBudget budget) {
    Outcome[] outcomes = new Outcome[segments.size()];
    String[] texts = new String[segments.size()];
    Arrays.fill(texts, "");
    List<List<Finding>> found = new ArrayList<>();
    segments.forEach(segment -> found.add(new ArrayList<>()));
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment copy = at(i, segments.get(i));
      Optional<List<Finding>> leaks = reader.leaks(copy, budget);
      if (leaks.isEmpty()) {
        outcomes[i] = new Outcome.Withheld(Why.UNREAD);
      } else if (!add(segments.get(i), copy, also, found.get(i))) {
        outcomes[i] = new Outcome.Withheld(Why.NOT_REDACTABLE);
      } else {
        found.get(i).addAll(leaks.get());
        texts[i] = copy.text();
      }
    }
    List<String> redacted = replaced(texts, outcomes, found, budget);
    for (int i = 0; i < outcomes.length; i++) {
      if (outcomes[i] == null) {
        outcomes[i] = checked(i, segments.get(i), redacted.get(i), found.get(i), budget);
      }
    }
    return List.of(outcomes);
  }

  /** The segment as an element of an array, its text one that UTF-8 can carry. */
  private static Segment at(int index, Segment segment) {
    return new Segment(segment.zone(), segment.role(), "/" + index, wellFormed(segment.text()));
  }

  /** What others found in a segment; false where it cannot be told which characters they mean. */
  private static boolean add(
      Segment segment, Segment copy, List<Finding> also, List<Finding> found) {
    int codePoints = copy.text().codePointCount(0, copy.text().length());
    for (Finding finding : also) {
      boolean ofAll = finding.end() <= finding.start();
      if (ofAll || finding.pointer().equals(segment.pointer())) {
        if (ofAll || finding.end() > codePoints) {
          return false;
        }
        found.add(
            new Finding(
                finding.type(),
                finding.severity(),
                finding.confidence(),
                finding.zone(),
                copy.pointer(),
                finding.start(),
                finding.end(),
                finding.detector(),
                finding.rule(),
                ""));
      }
    }
    return true;
  }

  /** All texts in one document, so that a value has one placeholder. */
  private static List<String> replaced(
      String[] texts, Outcome[] outcomes, List<List<Finding>> found, InspectionBudget budget) {
    List<Finding> all = new ArrayList<>();
    List<Segment> elements = new ArrayList<>();
    for (int i = 0; i < texts.length; i++) {
      elements.add(new Segment(Zone.METADATA, "", "/" + i, texts[i]));
      if (outcomes[i] == null) {
        all.addAll(found.get(i));
      }
    }
    if (all.isEmpty()) {
      return List.of(texts);
    }
    try {
      Redaction redaction =
          Redactor.redact(
              WireJson.mapper().writeValueAsBytes(texts),
              elements,
              all,
              Numbering.fresh(List.of()),
              Integer.MAX_VALUE,
              budget);
      if (redaction instanceof Redaction.Redacted done) {
        return List.of(WireJson.mapper().readValue(done.body(), String[].class));
      }
      Why why =
          ((Redaction.Refused) redaction).reason() == Redaction.Reason.BUDGET
              ? Why.UNREAD
              : Why.NOT_REDACTABLE;
      for (int i = 0; i < texts.length; i++) {
        if (outcomes[i] == null && !found.get(i).isEmpty()) {
          outcomes[i] = new Outcome.Withheld(why);
        }
      }
      return List.of(texts);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts have a JSON form", e);
    } catch (IOException e) {
      throw new IllegalStateException("a document in memory is read without I/O", e);
    }
  }

  /** Read once more: what a reader still sees must not be kept. */
  private Outcome checked(
      int index, Segment segment, String text, List<Finding> found, InspectionBudget budget) {
    if (found.isEmpty()) {
      return new Outcome.Kept(text);
    }
    Optional<List<Finding>> left =
        reader.leaks(new Segment(segment.zone(), segment.role(), "/" + index, text), budget);
    if (left.isEmpty()) {
      return new Outcome.Withheld(Why.UNREAD);
    }
    return left.get().stream().allMatch(finding -> isPlaceholder(text, finding))
        ? new Outcome.Kept(text)
        : new Outcome.Withheld(Why.NOT_REDACTABLE);
  }

  /** Whether a finding speaks of a placeholder, as in {@code password=[SECRET_1]}. */
  private static boolean isPlaceholder(String text, Finding finding) {
    int start = text.offsetByCodePoints(0, finding.start());
    int end = text.offsetByCodePoints(0, finding.end());
    int at = text.lastIndexOf('[', start);
    int close = at < 0 ? 0 : Placeholder.end(text, at);
    return close >= end;
  }

  /** Halves of surrogate pairs, which no encoding carries, replaced one by one. */
  static String wellFormed(String text) {
    StringBuilder mended = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        i++;
      } else {
        mended = mended == null ? new StringBuilder(text) : mended;
        mended.setCharAt(i, '\uFFFD');
      }
    }
    return mended == null ? text : mended.toString();
  }

  /** Bytes of a text in UTF-8. */
  public static long bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
