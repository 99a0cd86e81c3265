package io.llmtrace.controlplane.access;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Names of tenants, as exchanges carry them. Stateless. */
public final class TenantId {
  /** What a name looks like, for messages. */
  public static final String EXPECTED =
      "a tenant of 1 to 128 characters: letters, digits and . _ : @ + = | ~ -";

  /** As {@code plugin.identity} takes them, without the slash, which a path could not carry. */
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._:@+=|~-]{1,128}");

  private TenantId() {}

  public static boolean isOne(String text) {
    // Dots alone would be taken for steps in a path.
    return FORM.matcher(text).matches() && !text.equals(".") && !text.equals("..");
  }

  /** The text itself if it is a name, else null. */
  public static @Nullable String parse(String text) {
    return isOne(text) ? text : null;
  }
}
