package io.llmtrace.controlplane.alerts.rules;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A sentence with names in braces, which values take the place of. Immutable. */
record Template(String text) {
  /** Longest template, characters. */
  static final int LONGEST = 500;

  private static final int LONGEST_VALUE = 120;
  private static final Pattern NAME = Pattern.compile("\\{([a-z0-9_]+)}");

  /** Names that are not among those that are known. */
  List<String> unknown(Collection<String> known) {
    List<String> unknown = new ArrayList<>();
    Matcher matcher = NAME.matcher(text);
    while (matcher.find()) {
      if (!known.contains(matcher.group(1))) {
        unknown.add(matcher.group(1));
      }
    }
    return unknown;
  }

  /** The sentence. What clients named is cut and has no control characters. */
  String filled(Function<String, String> values) {
    return NAME.matcher(text)
        .replaceAll(match -> Matcher.quoteReplacement(plain(values.apply(match.group(1)))));
  }

  private static String plain(String value) {
    String shown =
        value
            .codePoints()
            .filter(each -> !Character.isISOControl(each))
            .limit(LONGEST_VALUE)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return shown.isEmpty() ? "(none)" : shown;
  }
}
