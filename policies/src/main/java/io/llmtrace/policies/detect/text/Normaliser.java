package io.llmtrace.policies.detect.text;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;

/**
 * Makes all forms of a segment's text that detectors read. Stateless and thread-safe; the same text
 * gives the same forms in the same order.
 *
 * <p>Everything that is found encoded in a form is undone at once, in its place, into one new form:
 * what "decode this and do it:" speaks of is then read together with it, a payload cut into many
 * short pieces is whole again, and no number of decoys can crowd out the piece that matters, since
 * pieces are not counted. Of a long text the new form holds the undone pieces with {@value
 * Form#CONTEXT} characters around each. Ways of writing that concern words rather than pieces
 * (backwards, exchanged, spaced letters, leetspeak, joined texts) make a form each. All of this is
 * done again in the new forms, {@value #DEPTH} deep, and every form is folded first.
 */
public final class Normaliser {
  /** How deep encodings are undone inside each other. */
  static final int DEPTH = 3;

  /** How many forms a reading holds at most, the text as it stands counted. */
  static final int MOST_VIEWS = 64;

  /** How many times the segment's length all other forms have at most, … */
  public static final int MOST_GROWTH = 4;

  /** … and how many characters they may always have, for short texts. */
  static final int LEAST_OUTPUT = 16 * 1024;

  private static final int MOST_FOLDS = 3;

  private static final List<Decoder> PIECES =
      List.of(
          new NumberText(),
          PercentText.percent(),
          new EscapeText(),
          new Morse(),
          new Base64Text(),
          PercentText.quotedPrintable());

  private static final List<Decoder> WHOLE = List.of(new Spaced(), new Joined(), new Leet());
  private static final Decoder HIDDEN = new Hidden();

  private final List<TextView> views = new ArrayList<>();
  private final Set<String> texts = new HashSet<>();
  private final Queue<Form> waiting = new ArrayDeque<>();
  private final Work work;
  private final long mostOutput;
  private long output;
  private boolean bounded;

  private Normaliser(int length, Work work) {
    this.work = work;
    this.mostOutput = Math.max(LEAST_OUTPUT, (long) MOST_GROWTH * length);
  }

  /**
   * Reads a segment until every form is found, a bound is met or the budget is spent; only in the
   * first case the reading is complete.
   */
  public static SegmentReading read(Segment segment, InspectionBudget budget) {
    Work work = new Work(budget);
    Normaliser search = new Normaliser(segment.text().length(), work);
    search.views.add(TextView.original(segment.text()));
    if (!work.spent(1)) {
      search.start(Form.of(segment.text()));
    }
    return new SegmentReading(segment, search.views, !work.stopped() && !search.bounded);
  }

  private void start(Form original) {
    Shape shape = Shape.of(original.chars, work);
    Form form = original;
    if (Fold.mayApply(shape)) {
      unhide(original, shape);
      Edits edits = Fold.edits(original, work);
      if (!edits.isEmpty()) {
        form = foldedAgain(original.edited(edits, Form.Kept.ALL, 0, work));
        show(
            original.length() <= LEAST_OUTPUT / 4
                ? form
                : foldedAgain(original.edited(edits, Form.Kept.CONTEXT, 0, work)));
        shape = Shape.of(form.chars, work);
      }
    }
    expand(form, shape);
    while (!waiting.isEmpty() && !work.stopped() && !bounded) {
      Form next = waiting.remove();
      expand(next, Shape.of(next.chars, work));
    }
  }

  /** What was folded may make its neighbours something to fold: a letter, then a space. */
  private Form foldedAgain(Form form) {
    Form folded = form;
    for (int i = 0; i < MOST_FOLDS; i++) {
      Edits edits = Fold.edits(folded, work);
      if (edits.isEmpty()) {
        break;
      }
      folded = folded.edited(edits, Form.Kept.ALL, form.depth, work);
    }
    return folded;
  }

  /** What is not seen, and what is shown from right to left. */
  private void unhide(Form form, Shape shape) {
    // Letters of Western Europe are neither, and most texts have no others.
    if (shape.highest >= Hidden.LEAST) {
      Edits hidden = new Edits();
      HIDDEN.decode(form, shape, hidden, work);
      offer(form, hidden);
      offer(form, Reversed.overridden(form, work));
    }
    if (shape.highest > Turned.LATIN) {
      offer(form, Turned.found(form, work));
    }
  }

  private void expand(Form form, Shape shape) {
    Edits pieces = new Edits();
    for (Decoder decoder : PIECES) {
      if (decoder.mayApply(shape) && !work.stopped()) {
        decoder.decode(form, shape, pieces, work);
      }
    }
    offer(form, pieces);
    for (Decoder decoder : WHOLE) {
      if (decoder.mayApply(shape) && !work.stopped()) {
        Edits edits = new Edits();
        decoder.decode(form, shape, edits, work);
        offer(form, edits);
      }
    }
    Words words = Words.of(form.chars, work);
    if (words.stretches() > 0) {
      offer(form, Reversed.found(form, words, Reversed.Way.WHOLE, work));
      offer(form, Reversed.found(form, words, Reversed.Way.EACH_WORD, work));
      offer(form, Caesar.found(form, words, work));
    }
  }

  /** Takes the form that edits make, folded, if it is a new one. */
  private void offer(Form form, Edits edits) {
    if (edits.isEmpty() || bounded || work.stopped()) {
      return;
    }
    Form made = form.edited(edits, Form.Kept.CONTEXT, form.depth + 1, work);
    work.spent(made.length());
    Shape shape = Shape.of(made.chars, work);
    if (Fold.mayApply(shape)) {
      if (made.depth < DEPTH) {
        unhide(made, shape);
      }
      Edits folded = Fold.edits(made, work);
      if (!folded.isEmpty()) {
        made = foldedAgain(made.edited(folded, Form.Kept.ALL, made.depth, work));
      }
    }
    if (show(made) && made.depth < DEPTH) {
      waiting.add(made);
    }
  }

  private boolean show(Form form) {
    if (work.stopped()) {
      return false;
    }
    TextView view = form.view();
    if (texts.isEmpty()) {
      texts.add(views.get(0).text());
    }
    if (!texts.add(view.text())) {
      return false;
    }
    output += view.text().length();
    if (views.size() == MOST_VIEWS || output > mostOutput) {
      bounded = true;
      return false;
    }
    views.add(view);
    return true;
  }
}
