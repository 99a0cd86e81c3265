package io.llmtrace.runtime.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads a text file of a bounded size. Stateless. */
public final class Utf8File {
  private Utf8File() {}

  /** A file that cannot be read; the message says what was expected of it. */
  public static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadableException(String expectation) {
      super(expectation);
    }

    /** Such as "expected a file that exists". */
    public String expectation() {
      return String.valueOf(getMessage());
    }
  }

  /**
   * The text of a file.
   *
   * @param most bytes that it may have
   * @throws UnreadableException saying what was expected of it
   */
  public static String read(Path file, long most) throws UnreadableException {
    try {
      if (Files.size(file) <= most) {
        return StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
            .toString();
      }
      throw new UnreadableException("expected at most " + most + " bytes");
    } catch (NoSuchFileException e) {
      throw new UnreadableException("expected a file that exists");
    } catch (CharacterCodingException e) {
      throw new UnreadableException("expected text in UTF-8");
    } catch (IOException e) {
      throw new UnreadableException("expected a file that can be read (" + e.getMessage() + ")");
    }
  }
}
