package io.llmtrace.policies.detect.text;

/** Undoes one encoding wherever it stands in a form. Stateless; linear in the form's length. */
interface Decoder {
  /** Whether a form of this shape may hold the encoding at all; cheap. */
  boolean mayApply(Shape shape);

  /**
   * Finds pieces and writes what they say, in the order they stand. Stops early when there is no
   * more time.
   */
  void decode(Form form, Shape shape, Edits edits, Work work);
}
