package io.llmtrace.controlplane.query;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.http.Problem;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns of answers that hold a connection of the database for as long as their client reads: one a
 * caller, a few in all, and none for ever. Whoever reads slowly must not take the connections of
 * everybody else. Thread-safe.
 */
public final class LongReads {
  private static final Logger log = LoggerFactory.getLogger(LongReads.class);

  private static final int AT_ONCE = 3;
  private static final Duration LONGEST = Duration.ofMinutes(30);
  private static final int RETRY_SECONDS = 10;

  private final Duration longest;
  private final Set<String> actors = new HashSet<>();

  public LongReads() {
    this(LONGEST);
  }

  LongReads(Duration longest) {
    this.longest = longest;
  }

  /** Writes the answer. */
  @FunctionalInterface
  public interface Body {
    void write(OutputStream out) throws IOException;
  }

  /**
   * Writes an answer on this thread, if there is a turn for it.
   *
   * @throws jakarta.ws.rs.WebApplicationException 429 with {@code Retry-After} while the caller has
   *     a turn already, or all are taken
   * @throws IOException when the client is gone or the answer took too long; the server then ends
   *     the connection, so that what was sent does not look whole
   */
  public void run(Caller caller, OutputStream out, Body body) throws IOException {
    take(caller.actor());
    Turn turn = new Turn(out);
    CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
    CompletableFuture<@Nullable Void> unused =
        ended
            .orTimeout(longest.toNanos(), TimeUnit.NANOSECONDS)
            .whenComplete(
                (nothing, late) -> {
                  if (late != null) {
                    turn.breakOff();
                  }
                });
    try {
      body.write(turn);
    } finally {
      ended.complete(null);
      if (turn.end()) {
        log.warn("An export of {} took longer than {} and was broken off", caller, longest);
      }
      giveBack(caller.actor());
    }
  }

  private synchronized void take(String actor) {
    if (actors.contains(actor)) {
      throw Problem.busy("another export of this key is still under way, wait", RETRY_SECONDS);
    }
    if (actors.size() >= AT_ONCE) {
      throw Problem.busy("too many exports at once, wait", RETRY_SECONDS);
    }
    actors.add(actor);
  }

  private synchronized void giveBack(String actor) {
    actors.remove(actor);
  }

  /** Refuses to write once its time is over, also on a thread that waits for the client by then. */
  private static final class Turn extends FilterOutputStream {
    private @Nullable Thread writer = Thread.currentThread();
    private volatile boolean over;

    Turn(OutputStream out) {
      super(out);
    }

    synchronized void breakOff() {
      if (writer != null) {
        over = true;
        // A client that takes a byte now and then keeps a write waiting for as long as it likes.
        writer.interrupt();
      }
    }

    /** On the writer's thread, which is not interrupted from then on; whether it was. */
    synchronized boolean end() {
      writer = null;
      boolean unused = over && Thread.interrupted();
      return over;
    }

    private void check() throws IOException {
      if (over) {
        throw new IOException("the answer took too long");
      }
    }

    @Override
    public void write(int octet) throws IOException {
      check();
      out.write(octet);
    }

    @Override
    public void write(byte[] octets, int from, int count) throws IOException {
      check();
      out.write(octets, from, count);
    }

    @Override
    public void flush() throws IOException {
      check();
      out.flush();
    }
  }
}
