package io.llmtrace.runtime.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Variables in a scalar, with or without a default, in the shell's notation; a doubled dollar sign
 * stands for itself. Works on parsed scalars, not on the file's text, so that a variable can
 * neither add keys nor move line numbers.
 *
 * @param text the scalar with its variables filled in
 * @param substituted whether anything was filled in: the result then counts as written without
 *     quotes
 * @param missing names of variables that are neither set nor have a default
 */
record Substitution(String text, boolean substituted, List<String> missing) {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\$\\{|\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?}");

  static Substitution of(String raw, Map<String, String> env) {
    Matcher matcher = VARIABLE.matcher(raw);
    StringBuilder text = new StringBuilder();
    List<String> missing = new ArrayList<>();
    boolean substituted = false;
    while (matcher.find()) {
      String name = matcher.group(1);
      if (name == null) {
        matcher.appendReplacement(text, Matcher.quoteReplacement("${"));
        continue;
      }
      substituted = true;
      // As in a shell, ":-" also replaces a variable that is set to nothing.
      @Nullable String fallback = matcher.group(2);
      @Nullable String value = env.get(name);
      if (value == null || (value.isEmpty() && fallback != null)) {
        value = fallback;
      }
      if (value == null) {
        missing.add(name);
        value = "";
      }
      matcher.appendReplacement(text, Matcher.quoteReplacement(value));
    }
    matcher.appendTail(text);
    return new Substitution(text.toString(), substituted, missing);
  }
}
