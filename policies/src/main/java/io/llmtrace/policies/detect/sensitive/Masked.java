package io.llmtrace.policies.detect.sensitive;

/** What evidence shows of a value: a prefix that all such values share, the length, a note. */
final class Masked {
  private static final int LONGEST_PREFIX = 12;

  private Masked() {}

  static String evidence(Candidate candidate, String text) {
    String value = text.substring(candidate.from(), candidate.to());
    String prefix = candidate.rank() == Candidate.Rank.BY_ISSUER ? prefix(candidate, value) : "";
    String note = candidate.note().isEmpty() ? "" : ", " + candidate.note();
    return prefix + "…(" + value.codePointCount(0, value.length()) + " characters" + note + ")";
  }

  /** The literal that begins the form, which is no secret. */
  private static String prefix(Candidate candidate, String value) {
    for (SecretFormats.Format format : SecretFormats.all()) {
      if (format.kind().equals(candidate.kind())) {
        for (Shape shape : format.shapes()) {
          if (shape.anchor().length() <= LONGEST_PREFIX && value.startsWith(shape.anchor())) {
            return shape.anchor();
          }
        }
      }
    }
    return "";
  }
}
