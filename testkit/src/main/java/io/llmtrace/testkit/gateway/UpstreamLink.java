package io.llmtrace.testkit.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.resolver.AddressResolverGroup;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
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
  private static final int GATEWAY_TIMEOUT = 504;
  private static final int LINE_BYTES = 16 << 10;
  private static final int HEADER_BYTES = 64 << 10;
  private static final int CHUNK_BYTES = 64 << 10;

  private final Options options;
  private final EventLoop loop;
  private final UpstreamTls tls;
  private final AddressResolverGroup<InetSocketAddress> names = new OffLoopResolver();
  private final Map<Peer, ConnectionPool<UpstreamConnection>> pools = new HashMap<>();

  /**
   * Whom a connection is to: one made for a name is never used for another.
   *
   * @param serverName the name that was verified; empty without TLS
   */
  private record Peer(Upstream.Address node, String serverName) {}

  UpstreamLink(Options options, UpstreamTls tls, EventLoop loop) {
    this.options = options;
    this.tls = tls;
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
   *
   * @param serverName whom the certificate must be for, and what is asked for by SNI, where the
   *     upstream is https
   */
  Call send(
      Upstream upstream,
      Upstream.Address node,
      String serverName,
      Supplier<FullHttpRequest> request,
      UpstreamListener listener) {
    ConnectionPool<UpstreamConnection> pool =
        pools.computeIfAbsent(
            new Peer(node, upstream.secure() ? serverName : ""),
            n -> new ConnectionPool<>(options.upstreamPool()));
    Optional<UpstreamTls.Name> name =
        upstream.secure() ? Optional.of(UpstreamTls.Name.asked(serverName)) : Optional.empty();
    Pending call = new Pending(upstream, node, name, request, pool::park, listener);
    UpstreamConnection kept = pool.take();
    if (kept == null) {
      call.connect(listener);
    } else {
      call.start(kept, call.retrying(kept));
    }
    return call;
  }

  /** Sends a request on a connection of its own; to https upstreams without SNI. */
  Call sendUnpooled(
      Upstream upstream,
      Upstream.Address node,
      Supplier<FullHttpRequest> request,
      UpstreamListener listener) {
    Optional<UpstreamTls.Name> name =
        upstream.secure() ? Optional.of(UpstreamTls.Name.unasked(node.host())) : Optional.empty();
    Pending call = new Pending(upstream, node, name, request, UpstreamConnection::close, listener);
    call.connect(listener);
    return call;
  }

  private final class Pending implements Call {
    private final Upstream upstream;
    private final Upstream.Address node;
    private final Optional<UpstreamTls.Name> name;
    private final Supplier<FullHttpRequest> request;
    private final Consumer<UpstreamConnection> free;
    private final UpstreamListener listener;
    private @Nullable UpstreamConnection connection;
    private boolean abandoned;

    Pending(
        Upstream upstream,
        Upstream.Address node,
        Optional<UpstreamTls.Name> name,
        Supplier<FullHttpRequest> request,
        Consumer<UpstreamConnection> free,
        UpstreamListener listener) {
      this.upstream = upstream;
      this.node = node;
      this.name = name;
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
          .resolver(names)
          .option(
              ChannelOption.CONNECT_TIMEOUT_MILLIS,
              Math.toIntExact(upstream.connectTimeout().toMillis()))
          .handler(
              new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel channel) {
                  name.ifPresent(
                      wanted ->
                          channel
                              .pipeline()
                              .addLast(
                                  tls.handler(
                                      channel.alloc(), wanted, node, upstream.connectTimeout())));
                  channel
                      .pipeline()
                      .addLast(new HttpClientCodec(LINE_BYTES, HEADER_BYTES, CHUNK_BYTES), opened);
                }
              })
          .connect(node.host(), node.port())
          .addListener(
              (ChannelFuture connected) -> {
                SslHandler secure = connected.channel().pipeline().get(SslHandler.class);
                if (!connected.isSuccess()) {
                  failed(receiver, "cannot connect", connected.cause());
                } else if (secure == null) {
                  begin(opened, receiver);
                } else {
                  secure
                      .handshakeFuture()
                      .addListener(
                          shaken -> {
                            if (shaken.isSuccess()) {
                              begin(opened, receiver);
                            } else {
                              failed(receiver, UpstreamTls.FAILURE, shaken.cause());
                            }
                          });
                }
              });
    }

    private void begin(UpstreamConnection opened, UpstreamListener receiver) {
      if (abandoned) {
        opened.close();
      } else {
        start(opened, receiver);
      }
    }

    /** As nginx: what takes too long is 504, what is refused is 502. */
    private void failed(UpstreamListener receiver, String what, Throwable cause) {
      if (!abandoned) {
        boolean slow =
            cause instanceof ConnectTimeoutException
                || cause instanceof SslHandshakeTimeoutException;
        receiver.failed(
            new UpstreamFailure(
                slow ? GATEWAY_TIMEOUT : BAD_GATEWAY, what + ": " + reason(cause), cause));
      }
    }

    private String reason(Throwable cause) {
      return name.isPresent() && cause instanceof SSLException
          ? UpstreamTls.reason(cause, name.get())
          : String.valueOf(cause.getMessage());
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
