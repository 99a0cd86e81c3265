package io.llmtrace.testkit.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One worker's way to the upstreams: a pool of kept-alive connections for each node. For one event
 * loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
final class UpstreamLink {
  private static final int BAD_GATEWAY = 502;
  private static final int LINE_BYTES = 16 << 10;
  private static final int HEADER_BYTES = 64 << 10;
  private static final int CHUNK_BYTES = 64 << 10;

  private final Options options;
  private final EventLoop loop;
  private final Map<Upstream.Address, ConnectionPool<UpstreamConnection>> pools = new HashMap<>();
  private @Nullable SslContext tls;

  UpstreamLink(Options options, EventLoop loop) {
    this.options = options;
    this.loop = loop;
  }

  /** A request under way. */
  interface Call {
    /** Stops or goes on reading the answer. */
    void read(boolean on);

    /** Closes the connection; the listener hears nothing more. */
    void abandon();
  }

  /**
   * Sends a request on a kept-alive connection, else on a new one. A kept one may be closed by the
   * other side at the moment it is used: then the request is sent once more, on a new one.
   */
  Call send(
      Upstream upstream,
      Upstream.Address node,
      Supplier<FullHttpRequest> request,
      UpstreamListener listener) {
    ConnectionPool<UpstreamConnection> pool =
        pools.computeIfAbsent(node, n -> new ConnectionPool<>(options.upstreamPool()));
    Pending call = new Pending(upstream, node, request, pool::park, listener);
    UpstreamConnection kept = pool.take();
    if (kept == null) {
      call.connect(listener);
    } else {
      call.start(kept, call.retrying(kept));
    }
    return call;
  }

  /** Sends a request on a connection of its own. */
  Call sendUnpooled(
      Upstream upstream,
      Upstream.Address node,
      Supplier<FullHttpRequest> request,
      UpstreamListener listener) {
    Pending call = new Pending(upstream, node, request, UpstreamConnection::close, listener);
    call.connect(listener);
    return call;
  }

  private SslContext tls() throws SSLException {
    if (tls == null) {
      tls = SslContextBuilder.forClient().build();
    }
    return tls;
  }

  private final class Pending implements Call {
    private final Upstream upstream;
    private final Upstream.Address node;
    private final Supplier<FullHttpRequest> request;
    private final Consumer<UpstreamConnection> free;
    private final UpstreamListener listener;
    private @Nullable UpstreamConnection connection;
    private boolean abandoned;

    Pending(
        Upstream upstream,
        Upstream.Address node,
        Supplier<FullHttpRequest> request,
        Consumer<UpstreamConnection> free,
        UpstreamListener listener) {
      this.upstream = upstream;
      this.node = node;
      this.request = request;
      this.free = free;
      this.listener = listener;
    }

    @Override
    public void read(boolean on) {
      if (connection != null) {
        connection.read(on);
      }
    }

    @Override
    public void abandon() {
      abandoned = true;
      if (connection != null) {
        connection.abandon();
      }
    }

    void start(UpstreamConnection on, UpstreamListener receiver) {
      connection = on;
      on.send(request.get(), upstream.readTimeout(), receiver, free);
    }

    void connect(UpstreamListener receiver) {
      UpstreamConnection opened = new UpstreamConnection();
      new Bootstrap()
          .group(loop)
          .channel(options.transport().tcp())
          .option(
              ChannelOption.CONNECT_TIMEOUT_MILLIS,
              Math.toIntExact(upstream.connectTimeout().toMillis()))
          .handler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) throws SSLException {
                  if (upstream.scheme().equals("https")) {
                    channel
                        .pipeline()
                        .addLast(tls().newHandler(channel.alloc(), node.host(), node.port()));
                  }
                  channel
                      .pipeline()
                      .addLast(new HttpClientCodec(LINE_BYTES, HEADER_BYTES, CHUNK_BYTES), opened);
                }
              })
          .connect(node.host(), node.port())
          .addListener(
              connected -> {
                if (!connected.isSuccess()) {
                  if (!abandoned) {
                    receiver.failed(
                        new UpstreamFailure(BAD_GATEWAY, "cannot connect: " + connected.cause()));
                  }
                } else if (abandoned) {
                  opened.close();
                } else {
                  start(opened, receiver);
                }
              });
    }

    UpstreamListener retrying(UpstreamConnection kept) {
      return new UpstreamListener() {
        @Override
        public void head(HttpResponse response) {
          listener.head(response);
        }

        @Override
        public void content(ByteBuf bytes) {
          listener.content(bytes);
        }

        @Override
        public void pause() {
          listener.pause();
        }

        @Override
        public void end() {
          listener.end();
        }

        @Override
        public void failed(UpstreamFailure failure) {
          if (kept.answered() || failure.status() != BAD_GATEWAY) {
            listener.failed(failure);
          } else {
            connect(listener);
          }
        }
      };
    }
  }
}
