package io.llmtrace.controlplane.bundles;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A bundle as entity tags name it: {@code "<revision>-<digest of what it holds>"}. */
record Tag(long revision, String digest) {
  private static final Pattern FORM =
      Pattern.compile("\\s*(?:W/)?\"([0-9]{1,18})-([0-9a-f]{64})\"\\s*");

  /** Null for what is no such tag: it stands for no bundle that was given here. */
  static @Nullable Tag of(@Nullable String header) {
    if (header == null) {
      return null;
    }
    Matcher matcher = FORM.matcher(header);
    return matcher.matches() ? new Tag(Long.parseLong(matcher.group(1)), matcher.group(2)) : null;
  }

  String header() {
    return "\"" + revision + "-" + digest + "\"";
  }
}
