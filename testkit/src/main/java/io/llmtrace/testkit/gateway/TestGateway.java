package io.llmtrace.testkit.gateway;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The gateway: HTTP/1.1 in, A6 to the runner, HTTP/1.1 to the upstream. It listens on loopback
 * until closed. A request stays on its client's event loop and never blocks it. Thread-safe.
 */
public final class TestGateway implements AutoCloseable {
  /** nginx's limit for a line, and for all of a head together. */
  private static final int LINE_BYTES = 8 << 10;

  private static final int HEADER_BYTES = 32 << 10;
  private static final int CHUNK_BYTES = 64 << 10;

  private final EventLoopGroup loops;
  private final HttpLogger logger = new HttpLogger();
  private final LongAdder requests = new LongAdder();
  private final Channel listener;

  private TestGateway(GatewayConfig config, Options options) {
    loops =
        new MultiThreadIoEventLoopGroup(
            options.workers(),
            new DefaultThreadFactory("test-gateway", true),
            options.transport().io());
    Map<EventExecutor, Worker> workers = workers(config, options);
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops)
            .channel(options.transport().server())
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    Worker worker = workers.get(channel.eventLoop());
                    if (worker == null) {
                      throw new IllegalStateException("an event loop of somebody else");
                    }
                    ByteCounter bytes = new ByteCounter();
                    channel
                        .pipeline()
                        .addLast(
                            bytes,
                            new HttpServerCodec(LINE_BYTES, HEADER_BYTES, CHUNK_BYTES),
                            new ClientConnection(worker, bytes, requests, logger::log));
                  }
                })
            .bind("127.0.0.1", options.port())
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      stop();
      throw new UncheckedIOException(
          new IOException(
              "the gateway cannot listen on 127.0.0.1:"
                  + options.port()
                  + ": "
                  + bound.cause().getMessage(),
              bound.cause()));
    }
    listener = bound.channel();
  }

  private Map<EventExecutor, Worker> workers(GatewayConfig config, Options options) {
    ConfTokens tokens = new ConfTokens(options.prepareLock());
    long version = Instant.now().getEpochSecond();
    UpstreamTls tls = new UpstreamTls(options.upstreamCa());
    Map<EventExecutor, Worker> workers = new HashMap<>();
    for (EventExecutor loop : loops) {
      workers.put(
          loop,
          new Worker(config, version, options, (EventLoop) loop, tokens, tls, workers.size()));
    }
    return workers;
  }

  /**
   * Starts with the routes of a file.
   *
   * @throws IOException when the route file cannot be read
   * @throws UncheckedIOException see {@link #start(GatewayConfig, Options)}
   */
  public static TestGateway start(Path apisixYaml, Options options) throws IOException {
    return start(GatewayConfig.load(apisixYaml), options);
  }

  /**
   * Starts with these routes.
   *
   * @throws UncheckedIOException when the port is not free or the file of certificates cannot be
   *     used
   */
  public static TestGateway start(GatewayConfig config, Options options) {
    return new TestGateway(config, options);
  }

  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Requests that came in whole, whatever became of them. */
  public long requests() {
    return requests.sum();
  }

  @Override
  public void close() throws IOException {
    listener.close().syncUninterruptibly();
    stop();
  }

  private void stop() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    logger.close();
  }
}
