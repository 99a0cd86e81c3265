package io.llmtrace.testkit.gateway;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The gateway: HTTP/1.1 in, A6 to the runner, HTTP/1.1 to the upstream. It listens on loopback
 * until closed. A request's work runs on its own thread, never on the event loop. Thread-safe.
 */
public final class TestGateway implements AutoCloseable {
  private static final int MAX_BODY = 64 << 20;

  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final RunnerLink link;
  private final HttpLogger logger = new HttpLogger();
  private final Channel listener;

  private TestGateway(GatewayConfig config, Options options) {
    link = new RunnerLink(options);
    RequestFlow flow = new RequestFlow(config, link, logger);
    listener =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(),
                            new HttpObjectAggregator(MAX_BODY),
                            new Front(flow));
                  }
                })
            .bind("127.0.0.1", options.port())
            .syncUninterruptibly()
            .channel();
  }

  /**
   * Starts with the routes of a file.
   *
   * @throws IOException when the route file cannot be read
   */
  public static TestGateway start(Path apisixYaml, Options options) throws IOException {
    return start(GatewayConfig.load(apisixYaml), options);
  }

  public static TestGateway start(GatewayConfig config, Options options) {
    return new TestGateway(config, options);
  }

  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  @Override
  public void close() throws IOException {
    listener.close().syncUninterruptibly();
    workers.shutdownNow();
    logger.close();
    link.close();
    loops.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
  }

  private final class Front extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final RequestFlow flow;

    Front(RequestFlow flow) {
      this.flow = flow;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
      byte[] body = new byte[request.content().readableBytes()];
      request.content().readBytes(body);
      Exchange exchange = new Exchange(ctx.channel(), request, body);
      workers.execute(() -> flow.run(exchange));
    }
  }
}
