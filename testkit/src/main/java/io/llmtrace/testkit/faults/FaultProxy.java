package io.llmtrace.testkit.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP proxy before one server, on a loopback port of its own that stays the same until it is
 * closed. {@link #set} changes what it does at once, for connections that are open too.
 *
 * <p>When a fault ends, only those connections are cut whose peers it misled: opened while nothing
 * went through, or with bytes held back. One that was idle or merely late goes on, so that the end
 * of a fault is no fault of its own. Thread-safe.
 */
public final class FaultProxy implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FaultProxy.class);
  private static final int BACKLOG = 1024;
  private static final long LEAVES_MILLIS = 10_000;

  private final Set<Passage> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong cut = new AtomicLong();
  private final AtomicLong met = new AtomicLong();

  /**
   * Bound to the port and never listening: the kernel refuses connections to it while there is no
   * listener beside it, and gives the port to nobody else.
   */
  private final Socket placeholder;

  private final int port;
  private @Nullable ServerSocket listener;
  private @Nullable Thread accepting;
  private volatile InetSocketAddress target;
  private volatile Weather weather = Weather.pass();
  private boolean closed;

  private FaultProxy(InetSocketAddress target, Socket placeholder) {
    this.target = target;
    this.placeholder = placeholder;
    this.port = placeholder.getLocalPort();
  }

  /**
   * Starts one that passes everything.
   *
   * @param targetPort of the server, on loopback; it need not be there yet
   * @throws IOException when no port is free
   */
  public static FaultProxy before(int targetPort) throws IOException {
    Socket placeholder = new Socket();
    placeholder.setReuseAddress(true);
    placeholder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    FaultProxy proxy =
        new FaultProxy(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort), placeholder);
    proxy.listen();
    return proxy;
  }

  /** Another server takes over: new connections go there, those that are open stay. */
  public void retarget(int targetPort) {
    target = new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort);
  }

  /** Where clients connect. */
  public int port() {
    return port;
  }

  /** Connections that clients opened. */
  public long accepted() {
    return accepted.get();
  }

  /** Connections that a fault, or its end, cut. */
  public long cut() {
    return cut.get();
  }

  /** How often anything met the present weather; 0 says that it did not matter to anybody. */
  public long met() {
    return met.get();
  }

  /** Something met it. */
  void meets() {
    met.incrementAndGet();
  }

  public Weather weather() {
    return weather;
  }

  /**
   * Changes what is done, from the next byte on.
   *
   * @throws IOException when it cannot listen again
   */
  public void set(Weather next) throws IOException {
    left(change(next));
  }

  /** The thread that no longer has anything to accept, or null. */
  private synchronized @Nullable Thread change(Weather next) throws IOException {
    if (closed) {
      throw new IOException("the proxy is closed");
    }
    weather = next;
    met.set(0);
    Thread leaving = next instanceof Weather.Refuse ? stopListening() : null;
    for (Passage passage : open) {
      if (next instanceof Weather.Refuse || next instanceof Weather.Reset) {
        cut(passage);
      } else {
        passage.changed(next);
      }
    }
    if (!(next instanceof Weather.Refuse)) {
      listen();
    }
    return leaving;
  }

  /**
   * Waits for a thread to leave accept(): until then the kernel goes on taking connections. Without
   * the lock, which the thread may be waiting for.
   */
  private static void left(@Nullable Thread leaving) {
    try {
      if (leaving != null) {
        leaving.join(LEAVES_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends a connection with a reset, as part of a fault. */
  void cut(Passage passage) {
    if (open.remove(passage)) {
      cut.incrementAndGet();
      met.incrementAndGet();
      passage.reset();
    }
  }

  /** A connection ended by itself. */
  void ended(Passage passage) {
    open.remove(passage);
  }

  private synchronized void listen() throws IOException {
    if (listener != null) {
      return;
    }
    ServerSocket made = new ServerSocket();
    try {
      made.setReuseAddress(true);
      made.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
    } catch (IOException e) {
      made.close();
      throw e;
    }
    listener = made;
    Thread thread = new Thread(() -> accept(made), "fault-proxy-" + port);
    thread.setDaemon(true);
    thread.start();
    accepting = thread;
  }

  private synchronized @Nullable Thread stopListening() throws IOException {
    ServerSocket old = listener;
    Thread leaving = accepting;
    listener = null;
    accepting = null;
    if (old != null) {
      old.close();
    }
    return leaving;
  }

  private void accept(ServerSocket from) {
    while (!from.isClosed()) {
      try {
        Socket client = from.accept();
        accepted.incrementAndGet();
        admit(client);
      } catch (IOException e) {
        // Closed, or out of handles: the former ends the loop, the latter is no end.
        LOG.debug("no connection accepted on {}", port, e);
      }
    }
  }

  private synchronized void admit(Socket client) throws IOException {
    Weather now = weather;
    if (closed || now instanceof Weather.Reset || now instanceof Weather.Refuse) {
      cut.incrementAndGet();
      met.incrementAndGet();
      client.setSoLinger(true, 0);
      client.close();
      return;
    }
    Passage passage = new Passage(this, client, target, now);
    open.add(passage);
    passage.start();
  }

  @Override
  public void close() throws IOException {
    Thread leaving;
    synchronized (this) {
      closed = true;
      leaving = stopListening();
      placeholder.close();
    }
    left(leaving);
    open.forEach(Passage::reset);
    open.clear();
  }
}
