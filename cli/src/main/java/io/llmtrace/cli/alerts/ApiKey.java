package io.llmtrace.cli.alerts;

import io.llmtrace.cli.remote.Key;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.runtime.config.Secret;
import org.jspecify.annotations.Nullable;

/** Finds the key with which the API is asked. No message says any of it. Stateless. */
final class ApiKey {
  static final String VARIABLE = "LLMTRACE_KEY";
  private static final String FILE = "file:";

  private ApiKey() {}

  /**
   * The key.
   *
   * @param option what {@code --key} says, or null
   * @param environment what {@value #VARIABLE} says, or null
   */
  static Secret of(@Nullable String option, @Nullable String environment) throws RefusedException {
    String from = option != null ? "--key" : VARIABLE;
    String given = option != null ? option : environment;
    if (given == null || given.isBlank()) {
      throw new RefusedException(
          Exit.WRONG,
          "no key: expected --key file:PATH, or "
              + VARIABLE
              + " in the environment, such as"
              + " file:data/control-plane/initial-admin.key");
    }
    return Key.of(
        from, given.startsWith(FILE) ? Key.text(from, given.substring(FILE.length())) : given);
  }
}
