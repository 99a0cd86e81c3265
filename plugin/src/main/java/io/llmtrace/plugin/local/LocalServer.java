package io.llmtrace.plugin.local;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The plugin's HTTP port: {@code GET /health}, {@code GET /metrics}, {@code POST /tap}, {@code POST
 * /inspect}. The port is shared (SO_REUSEPORT), so that a succeeding process can listen before this
 * one is gone. Endpoints run on small bounded pools, never on the event loop; a full pool answers
 * 503 with {@code Retry-After}. Thread-safe.
 */
public final class LocalServer implements AutoCloseable {
  /** Longest body of {@code POST /inspect}, bytes. */
  public static final int MAX_INSPECT_BODY = 1 << 20;

  /**
   * Longest body of {@code POST /tap}, bytes: 32 entries with the largest body the logger keeps.
   */
  public static final int MAX_TAP_BODY = 32 << 20;

  /** Longest headers of a request, bytes: a gateway sends its client's and a route's settings. */
  static final int MAX_HEADERS = 128 << 10;

  private static final int MAX_REQUEST_LINE = 8_192;
  private static final int MAX_CHUNK = 64 << 10;

  private static final int IDLE_SECONDS = 75;

  /**
   * What is served.
   *
   * @param health the body of {@code GET /health}; must not block
   * @param metrics the registry that {@code GET /metrics} shows
   * @param tap where log entries go
   * @param inspectKey accepts the bearer key of {@code POST /inspect}; null: there is no such path
   * @param inspect what {@code POST /inspect} does with a text
   * @param callout what it does with a request that a gateway holds
   */
  public record Endpoints(
      Supplier<? extends Map<String, ?>> health,
      PrometheusMeterRegistry metrics,
      TapEndpoint tap,
      @Nullable Predicate<String> inspectKey,
      InspectEndpoint inspect,
      CalloutEndpoint callout) {}

  private static final long LONGEST_LEAVE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final InFlight inFlight;
  private final EventLoopGroup loops;
  private final ThreadPoolExecutor status;
  private final ThreadPoolExecutor work;
  private final Channel channel;
  private final AtomicBoolean closing = new AtomicBoolean();

  private LocalServer(
      InFlight inFlight,
      EventLoopGroup loops,
      ThreadPoolExecutor status,
      ThreadPoolExecutor work,
      Channel channel) {
    this.inFlight = inFlight;
    this.loops = loops;
    this.status = status;
    this.work = work;
    this.channel = channel;
  }

  /**
   * Binds and serves.
   *
   * @param bind address or host name to listen on
   * @param port TCP port; 0 for any
   * @throws IOException if the port cannot be bound
   */
  public static LocalServer start(String bind, int port, Endpoints endpoints) throws IOException {
    InFlight inFlight = new InFlight();
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("llmtrace-local", true), io);
    // Two pools: a tap that waits for a slow disk must not make the node look dead.
    ThreadPoolExecutor status = pool("llmtrace-local-status", 1, 16);
    ThreadPoolExecutor work = pool("llmtrace-local-work", 2, 64);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(serverChannel(epoll))
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel child) {
                    child
                        .pipeline()
                        .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS))
                        .addLast(new HttpServerCodec(MAX_REQUEST_LINE, MAX_HEADERS, MAX_CHUNK))
                        .addLast(
                            new CalloutGate(
                                endpoints.callout(),
                                head -> LocalHandler.mayInspect(endpoints, head),
                                inFlight))
                        .addLast(
                            new BodyGate(
                                head -> LocalHandler.mayHaveBody(endpoints, head), MAX_TAP_BODY))
                        .addLast(new HttpObjectAggregator(MAX_TAP_BODY))
                        .addLast(new LocalHandler(endpoints, status, work, inFlight));
                  }
                });
    if (epoll) {
      bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
    } else {
      bootstrap.option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
    }
    try {
      Channel channel = bootstrap.bind(bind, port).syncUninterruptibly().channel();
      return new LocalServer(inFlight, loops, status, work, channel);
    } catch (RuntimeException e) {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
      status.shutdownNow();
      work.shutdownNow();
      throw new IOException("cannot listen on " + bind + ":" + port + ": " + e.getMessage(), e);
    }
  }

  private static Class<? extends ServerChannel> serverChannel(boolean epoll) {
    return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  private static ThreadPoolExecutor pool(String name, int threads, int queue) {
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(queue),
        new DefaultThreadFactory(name, true));
  }

  /** The port that is bound. */
  public int port() {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /** Stops listening, answers what is here already (five seconds at most), and frees all. */
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    channel.close().syncUninterruptibly();
    try {
      inFlight.leave(LONGEST_LEAVE_NANOS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    status.shutdownNow();
    work.shutdownNow();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
