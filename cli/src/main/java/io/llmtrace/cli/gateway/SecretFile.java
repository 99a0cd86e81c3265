package io.llmtrace.cli.gateway;

import io.llmtrace.cli.gateway.GatewayException.Exit;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads keys. No message says any of one. Stateless. */
final class SecretFile {
  private static final int LONGEST = 16_384;

  private SecretFile() {}

  /**
   * The key in a file: its one line, without spaces around it.
   *
   * @param option who names the file, for messages
   */
  static Secret read(String option, Path file) throws GatewayException {
    try {
      if (Files.size(file) > LONGEST) {
        throw new GatewayException(Exit.WRONG, option + ": " + file + " is too large for a key");
      }
      return of(option + ": " + file, Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new GatewayException(
          Exit.WRONG, option + ": expected a file with a key that can be read at " + file, e);
    }
  }

  /** A key that a header takes. */
  static Secret of(String from, String text) throws GatewayException {
    String key = text.strip();
    if (key.isEmpty() || key.length() > LONGEST || !key.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new GatewayException(
          Exit.WRONG, from + ": expected one line of printable ASCII without spaces");
    }
    return Secret.of(key);
  }
}
