package io.llmtrace.policies.expression;

/** Values of constants. */
final class Constants {
  private Constants() {}

  /**
   * A Boolean, Long, Double or String.
   *
   * @throws LinkException if the text is none of its type
   */
  static Object value(Expression.Constant constant) {
    String text = constant.text();
    try {
      return switch (constant.type()) {
        case BOOL -> {
          if (!text.equals("true") && !text.equals("false")) {
            throw new LinkException(constant, "'" + text + "' is no bool", "true or false");
          }
          yield text.equals("true");
        }
        case INT -> Long.parseLong(text);
        case DOUBLE -> Double.parseDouble(text);
        case STRING -> text;
      };
    } catch (NumberFormatException e) {
      LinkException refused =
          new LinkException(constant, "'" + text + "' is no " + constant.type().label(), "");
      refused.initCause(e);
      throw refused;
    }
  }
}
