package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.llmtrace.cli.measure.SampleText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Chat requests of a given size: a history that is the same each time, and a last message that is
 * new. Thread-safe.
 */
public final class Conversation {
  private static final String HEAD = "{\"model\":\"gpt-4o-mini\",%s\"messages\":[";
  private static final int TURNS = 6;

  /** How the answer is asked for. */
  enum Reply {
    WHOLE(""),
    STREAMED("\"stream\":true,");

    private final String field;

    Reply(String field) {
      this.field = field;
    }
  }

  private final byte[] before;
  private final int newCharacters;
  private final SampleText texts;

  /**
   * A conversation.
   *
   * @param bytes about how long a request's body is
   * @param newShare the share of it that no request had before, 0 to 1
   */
  public Conversation(int bytes, double newShare, long seed) {
    this(bytes, newShare, seed, Reply.WHOLE);
  }

  Conversation(int bytes, double newShare, long seed, Reply reply) {
    texts = new SampleText(seed);
    newCharacters = (int) (bytes * newShare);
    int old = bytes - newCharacters;
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes);
    out.writeBytes(HEAD.formatted(reply.field).getBytes(StandardCharsets.UTF_8));
    for (int turn = 0; turn < TURNS && old > 0; turn++) {
      String role = turn == 0 ? "system" : turn % 2 == 1 ? "user" : "assistant";
      message(out, role, texts.next(Math.max(1, old / TURNS)));
      out.write(',');
    }
    before = out.toByteArray();
  }

  /** The next request's body. */
  public byte[] next() {
    String text;
    synchronized (texts) {
      text = texts.next(Math.max(1, newCharacters));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(before.length + newCharacters + 64);
    out.writeBytes(before);
    message(out, "user", text);
    out.write(']');
    out.write('}');
    return out.toByteArray();
  }

  private static void message(ByteArrayOutputStream out, String role, String text) {
    out.writeBytes(("{\"role\":\"" + role + "\",\"content\":\"").getBytes(StandardCharsets.UTF_8));
    out.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(text));
    out.write('"');
    out.write('}');
  }
}
