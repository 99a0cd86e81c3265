package io.llmtrace.cli.remote;

import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Reads keys that go into a header. No message says any of one. Stateless. */
public final class Key {
  private static final int LONGEST = 16_384;

  private Key() {}

  /**
   * The text of a file with a key.
   *
   * @param option who names the file, for messages
   */
  public static String text(String option, String name) throws RefusedException {
    try {
      Path file = Path.of(name);
      if (Files.size(file) > LONGEST) {
        throw new RefusedException(Exit.WRONG, option + ": " + file + " is too large for a key");
      }
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException | InvalidPathException e) {
      throw new RefusedException(
          Exit.WRONG, option + ": expected a file with a key that can be read at " + name, e);
    }
  }

  /** The key in a file: its one line, without spaces around it. */
  public static Secret read(String option, Path file) throws RefusedException {
    return of(option + ": " + file, text(option, file.toString()));
  }

  /**
   * A key, without spaces around it. A header takes nothing else, and would repeat what it was
   * given.
   *
   * @param from who gives it, for messages
   */
  public static Secret of(String from, String text) throws RefusedException {
    String key = text.strip();
    if (key.isEmpty() || key.length() > LONGEST || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new RefusedException(
          Exit.WRONG, from + ": expected one line of printable ASCII without spaces");
    }
    return Secret.of(key);
  }
}
