package io.llmtrace.cli.alerts;

import io.llmtrace.cli.alerts.RefusedException.Exit;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds the key with which the API is asked. No message says any of it. Stateless. */
final class ApiKey {
  static final String VARIABLE = "LLMTRACE_KEY";
  private static final String FILE = "file:";
  private static final int LONGEST = 16_384;

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
    String key =
        given.startsWith(FILE) ? read(from, given.substring(FILE.length())) : given.strip();
    // A header takes nothing else, and would repeat what it was given.
    if (key.isEmpty() || key.length() > LONGEST || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new RefusedException(
          Exit.WRONG, from + ": expected one line of printable ASCII without spaces");
    }
    return Secret.of(key);
  }

  private static String read(String from, String name) throws RefusedException {
    try {
      Path file = Path.of(name);
      if (Files.size(file) > LONGEST) {
        throw new RefusedException(Exit.WRONG, from + ": " + file + " is too large for a key");
      }
      return Files.readString(file, StandardCharsets.UTF_8).strip();
    } catch (IOException | InvalidPathException e) {
      throw new RefusedException(
          Exit.WRONG, from + ": expected a file with a key that can be read at " + name, e);
    }
  }
}
