package io.llmtrace.testkit.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection through the proxy, a thread for each direction. The threads read first
 * and ask the weather then: what it says holds for the bytes that are in their hands.
 */
final class Passage {
  private static final Logger LOG = LoggerFactory.getLogger(Passage.class);
  private static final int PIECE = 16 << 10;
  private static final Duration CONNECT = Duration.ofSeconds(5);

  private final FaultProxy proxy;
  private final Socket client;
  private final InetSocketAddress target;
  private final Socket server = new Socket();
  private final AtomicInteger halves = new AtomicInteger(2);
  private final AtomicBoolean over = new AtomicBoolean();
  private final Object change = new Object();

  /** Guarded by {@link #change}, as are the two below. */
  private Weather weather;

  /** A peer waits for something that a fault keeps from it. */
  private boolean misled;

  /** Bytes of answers that may still pass. */
  private long allowance;

  Passage(FaultProxy proxy, Socket client, InetSocketAddress target, Weather weather) {
    this.proxy = proxy;
    this.client = client;
    this.target = target;
    this.weather = weather;
    this.misled = weather instanceof Weather.Hang || weather instanceof Weather.Answer;
    this.allowance = weather instanceof Weather.Cut cut ? cut.bytes() : Long.MAX_VALUE;
  }

  void start() {
    thread(this::forth, "forth");
  }

  private void thread(Runnable work, String name) {
    Thread thread = new Thread(work, "fault-proxy-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  /** The weather is another one. */
  void changed(Weather next) {
    boolean cut;
    synchronized (change) {
      cut = misled;
      if (cut) {
        // Before anybody wakes: who waited must not reach the server first.
        over.set(true);
      }
      weather = next;
      allowance = next instanceof Weather.Cut limit ? limit.bytes() : Long.MAX_VALUE;
      change.notifyAll();
    }
    if (cut) {
      proxy.cut(this);
    }
  }

  /** Requests, and before them the connection to the server. */
  private void forth() {
    try {
      Weather now = await();
      if (over.get()) {
        return;
      }
      if (now instanceof Weather.Answer answer) {
        answer(answer);
        return;
      }
      server.connect(target, (int) CONNECT.toMillis());
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      thread(this::back, "back");
      pump(client, server, false);
    } catch (IOException e) {
      // No server behind: to the client it is as if the server had gone away.
      LOG.debug("a connection through the proxy ends", e);
      proxy.ended(this);
      reset();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void back() {
    try {
      pump(server, client, true);
    } catch (IOException e) {
      LOG.debug("a connection through the proxy ends", e);
      proxy.ended(this);
      reset();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void pump(Socket from, Socket to, boolean answers)
      throws IOException, InterruptedException {
    byte[] piece = new byte[PIECE];
    InputStream in = from.getInputStream();
    OutputStream out = to.getOutputStream();
    while (true) {
      int length = in.read(piece);
      Weather now = length < 0 ? current() : await();
      if (over.get()) {
        return;
      }
      if (length < 0) {
        halfClosed(to);
        return;
      }
      if (!(now instanceof Weather.Pass)) {
        proxy.meets();
      }
      if (now instanceof Weather.Answer answer && !answers) {
        answerNow(answer);
        return;
      }
      if (now instanceof Weather.Delay delay) {
        Thread.sleep(delay.by().toMillis());
      }
      int passing = answers ? allowed(length) : length;
      if (now instanceof Weather.Throttle throttle) {
        slowly(out, piece, passing, throttle);
      } else {
        out.write(piece, 0, passing);
      }
      if (passing < length) {
        proxy.cut(this);
        return;
      }
    }
  }

  /** Waits while nothing goes through; whoever has bytes in hand then has them held back. */
  private Weather await() throws InterruptedException {
    synchronized (change) {
      while (weather instanceof Weather.Hang && !over.get()) {
        misled = true;
        proxy.meets();
        change.wait();
      }
      return weather;
    }
  }

  private Weather current() {
    synchronized (change) {
      return weather;
    }
  }

  private int allowed(int length) {
    synchronized (change) {
      int passing = (int) Math.min(length, allowance);
      if (allowance != Long.MAX_VALUE) {
        allowance -= passing;
      }
      return passing;
    }
  }

  /** Ten pieces a second, until the weather changes. */
  private void slowly(OutputStream out, byte[] piece, int length, Weather.Throttle throttle)
      throws IOException, InterruptedException {
    int step = Math.max(1, throttle.bytesPerSecond() / 10);
    int done = 0;
    while (done < length) {
      int next = Math.min(step, length - done);
      // Before each piece, as a thin line needs its time: small pieces are as slow as large ones.
      if (current().equals(throttle)) {
        Thread.sleep(1_000L * next / throttle.bytesPerSecond());
      }
      out.write(piece, done, next);
      done += next;
    }
  }

  /** For a connection that is new: its first bytes are waited for, as a server would. */
  private void answer(Weather.Answer answer) throws IOException {
    if (client.getInputStream().read(new byte[PIECE]) >= 0) {
      answerNow(answer);
    } else {
      proxy.ended(this);
      reset();
    }
  }

  private void answerNow(Weather.Answer answer) throws IOException {
    proxy.meets();
    client.getOutputStream().write(answer.bytes());
    client.shutdownOutput();
    // A reset because of unread bytes would take the answer away: what is left is read.
    client.setSoTimeout(200);
    try {
      while (client.getInputStream().read(new byte[PIECE]) >= 0) {
        LOG.trace("the rest of a request that was answered");
      }
    } catch (IOException e) {
      LOG.debug("the client keeps its connection", e);
    }
    proxy.cut(this);
  }

  private void halfClosed(Socket to) throws IOException {
    try {
      to.shutdownOutput();
    } catch (SocketException e) {
      LOG.debug("the other side has closed already", e);
    }
    if (halves.decrementAndGet() == 0) {
      proxy.ended(this);
      over.set(true);
      client.close();
      server.close();
    }
  }

  /** Both sides see a reset. */
  void reset() {
    over.set(true);
    synchronized (change) {
      change.notifyAll();
    }
    for (Socket socket : new Socket[] {client, server}) {
      try {
        socket.setSoLinger(true, 0);
      } catch (SocketException e) {
        LOG.debug("closed already", e);
      }
      try {
        socket.close();
      } catch (IOException e) {
        LOG.debug("closed already", e);
      }
    }
  }
}
