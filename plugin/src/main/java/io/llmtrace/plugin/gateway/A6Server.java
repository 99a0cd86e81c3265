package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.ConfTable;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The A6 server. It listens on {@code <socket>.<boot id>} and points the symbolic link {@code
 * <socket>} at that; a process that starts later does the same and so takes over, upon which this
 * one drains and {@link #drained()} completes. Thread-safe.
 */
public final class A6Server implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(A6Server.class);

  /** sun_path of sockaddr_un on Linux, without its final zero byte. */
  private static final int MAX_SOCKET_PATH = 107;

  private static final long LINK_POLL_MILLIS = 250;

  /**
   * The gateway closes a pooled connection that was idle for 180 s. A close from this side before
   * that can meet a call on its way, which the gateway then fails: so a draining process waits.
   */
  private static final long GATEWAY_IDLE_NANOS = TimeUnit.SECONDS.toNanos(190);

  /**
   * The gateway prepares three times at most. The call on the last connection can always be sent
   * away: its next try reaches the successor.
   */
  private static final int LAST_CONNECTION = 1;

  /**
   * With more of them a call that is sent away may come back here on another pooled connection, and
   * must be served then: so only one call in a while is sent away, which costs the gateway that
   * connection, until one is left. Without this, connections that are always busy never drain.
   */
  private static final long SEND_AWAY_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Settings settings;
  private final Path own;
  private final Set<A6Connection> connections = ConcurrentHashMap.newKeySet();
  private final EventLoopGroup acceptor;
  private final EventLoopGroup loops;
  private final ScheduledExecutorService watch;
  private final CompletableFuture<Void> superseded = new CompletableFuture<>();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicLong lastSentAway = new AtomicLong(System.nanoTime());
  private volatile boolean draining;
  private volatile long drainDeadline;
  private final Channel listener;

  /**
   * Where and how to listen.
   *
   * @param socket where the gateway connects
   * @param bootId random name of this process, at most 16 characters
   * @param maxRequestBody bytes of the longest body that is asked for
   * @param drainTimeout how long calls in flight are waited for
   */
  public record Settings(Path socket, String bootId, long maxRequestBody, Duration drainTimeout) {}

  /**
   * Listens, then takes the link over.
   *
   * @throws IOException if the socket cannot be made
   */
  public static A6Server start(
      Settings settings,
      ConfTable confs,
      MemoryBudget memory,
      ExchangeHandler handler,
      AnswerHandler answers,
      MeterRegistry meters)
      throws IOException {
    A6Server server = new A6Server(settings, confs, memory, handler, answers, meters);
    try {
      server.takeLink();
    } catch (IOException e) {
      server.close();
      throw e;
    }
    var unused =
        server.watch.scheduleWithFixedDelay(
            server::poll, LINK_POLL_MILLIS, LINK_POLL_MILLIS, TimeUnit.MILLISECONDS);
    return server;
  }

  /** Whether a process listens on this socket now. */
  public static boolean isServed(Path socket) {
    if (!Files.exists(socket)) {
      return false;
    }
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return probe.isConnected();
    } catch (IOException e) {
      LOG.debug("nobody listens on {}", socket, e);
      return false;
    }
  }

  private A6Server(
      Settings settings,
      ConfTable confs,
      MemoryBudget memory,
      ExchangeHandler handler,
      AnswerHandler answers,
      MeterRegistry meters)
      throws IOException {
    this.settings = settings;
    Path socket = settings.socket().toAbsolutePath();
    this.own = socket.resolveSibling(socket.getFileName() + "." + settings.bootId());
    if (own.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_SOCKET_PATH) {
      throw new IOException(
          "plugin.socket: expected a path of at most "
              + (MAX_SOCKET_PATH - settings.bootId().length() - 1)
              + " bytes, got "
              + socket);
    }
    Path folder = SocketFolder.of(socket);
    GatewayMetrics metrics = new GatewayMetrics(meters, connections, memory);
    boolean epoll = Epoll.isAvailable();
    var io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.acceptor =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("llmtrace-accept", true), io);
    this.loops =
        new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("llmtrace-a6", true),
            io);
    this.watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "llmtrace-handover");
              thread.setDaemon(true);
              return thread;
            });
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(acceptor, loops)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel child) {
                    child
                        .pipeline()
                        .addLast(
                            new FrameDecoder(memory),
                            new A6Connection(
                                A6Server.this,
                                confs,
                                handler,
                                answers,
                                metrics,
                                settings.maxRequestBody()));
                  }
                });
    if (epoll) {
      bootstrap.channel(EpollServerDomainSocketChannel.class);
    } else {
      bootstrap.channel(NioServerDomainSocketChannel.class);
    }
    this.listener = listen(bootstrap, epoll, folder);
  }

  /**
   * Binds where nobody else can look, and moves the socket to its place when only its owner may
   * connect: between the two calls that takes, a lenient umask would let anybody in.
   */
  private Channel listen(ServerBootstrap bootstrap, boolean epoll, Path folder) throws IOException {
    // No longer than the name of the socket itself, which fits.
    Path hidden = Files.createDirectory(folder.resolve(settings.bootId()), OWNER_ONLY);
    Path made = hidden.resolve("s");
    try {
      var bound =
          bootstrap
              .bind(
                  epoll
                      ? new DomainSocketAddress(made.toString())
                      : UnixDomainSocketAddress.of(made.toString()))
              .awaitUninterruptibly();
      if (!bound.isSuccess()) {
        throw new IOException("cannot listen on " + own, bound.cause());
      }
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwx------"));
      Files.move(made, own, StandardCopyOption.ATOMIC_MOVE);
      return bound.channel();
    } catch (IOException e) {
      stopLoops();
      throw e;
    } finally {
      Files.deleteIfExists(made);
      Files.delete(hidden);
    }
  }

  /** Completes when a successor has taken over; connections may last for minutes after that. */
  public CompletableFuture<Void> superseded() {
    return superseded;
  }

  /** Completes when a successor has taken over and the last connection is gone. */
  public CompletableFuture<Void> drained() {
    return drained;
  }

  /** Connections from the gateway. */
  public int connections() {
    return connections.size();
  }

  /** Whether a successor has taken over. */
  public boolean draining() {
    return draining;
  }

  void opened(A6Connection connection) {
    connections.add(connection);
  }

  void closed(A6Connection connection) {
    connections.remove(connection);
  }

  boolean sendsCallsAway() {
    if (!draining) {
      return false;
    }
    long now = System.nanoTime();
    long last = lastSentAway.get();
    return connections.size() <= LAST_CONNECTION
        || (now - last >= SEND_AWAY_EVERY_NANOS && lastSentAway.compareAndSet(last, now));
  }

  private void takeLink() throws IOException {
    Path link = settings.socket().toAbsolutePath();
    Path next = link.resolveSibling(own.getFileName() + ".link");
    Files.deleteIfExists(next);
    Files.createSymbolicLink(next, own.getFileName());
    // rename(2): at every moment the link points at somebody who listens.
    Files.move(next, link, StandardCopyOption.ATOMIC_MOVE);
  }

  private void poll() {
    if (!draining && !pointsHere()) {
      LOG.info("another process has taken over {}; draining", settings.socket());
      drainDeadline = System.nanoTime() + GATEWAY_IDLE_NANOS + settings.drainTimeout().toNanos();
      draining = true;
      superseded.complete(null);
    }
    if (!draining) {
      return;
    }
    if (System.nanoTime() - drainDeadline >= 0) {
      connections.forEach(connection -> connection.closeNow("drain_timeout"));
      drained.complete(null);
      return;
    }
    if (connections.isEmpty()) {
      drained.complete(null);
      return;
    }
    connections.forEach(connection -> connection.closeIfIdle(GATEWAY_IDLE_NANOS));
  }

  private boolean pointsHere() {
    try {
      return Files.readSymbolicLink(settings.socket()).getFileName().equals(own.getFileName());
    } catch (IOException e) {
      // Gone, or a plain socket: somebody else's doing. Nobody new finds us, so we drain.
      LOG.debug("{} is no link", settings.socket(), e);
      return false;
    }
  }

  /**
   * Stops: no new connection, calls in flight are answered for at most the drain time-out, then the
   * connections are closed. The link stays, as a successor may own it by now.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    watch.shutdownNow();
    listener.close().awaitUninterruptibly();
    long deadline = System.nanoTime() + settings.drainTimeout().toNanos();
    while (!connections.isEmpty() && System.nanoTime() - deadline < 0) {
      connections.forEach(connection -> connection.closeIfIdle(0));
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    stopLoops();
    try {
      Files.deleteIfExists(own);
    } catch (IOException e) {
      LOG.warn("cannot remove {}: {}", own, e.toString());
    }
    drained.complete(null);
  }

  private void stopLoops() {
    acceptor.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
