package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that takes alerts by HTTP, on 127.0.0.1 and a port of its own. What it was sent is in
 * {@link #ledger()}; how it misbehaves is set by {@link #faults}. Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel
public abstract sealed class HttpSink implements AutoCloseable
    permits SlackSink, PagerDutySink, WebhookSink, AlertmanagerSink, TeamsSink {
  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private static final Logger LOG = LoggerFactory.getLogger(HttpSink.class);
  private static final int MAX_REQUEST = 8 << 20;

  // One thread, so that a sink takes one request after the other.
  private final EventLoopGroup loop;
  private final Channel listener;
  private final Ledger ledger = new Ledger();
  private volatile Faults faults = Faults.none();

  HttpSink(String name) throws IOException {
    loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
    var bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(),
                            new HttpObjectAggregator(MAX_REQUEST),
                            new Answering());
                  }
                })
            .bind("127.0.0.1", 0)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      throw new IOException("no port for " + name, bound.cause());
    }
    listener = bound.channel();
  }

  /** A request as it came. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Request(String path, Map<String, String> headers, JsonNode body, byte[] raw) {
    int size() {
      return raw.length;
    }
  }

  /** An answer. */
  record Answer(int status, String contentType, String body) {
    static Answer text(int status, String body) {
      return new Answer(status, "text/plain; charset=utf-8", body);
    }

    static Answer json(int status, Object body) {
      try {
        return new Answer(status, "application/json", JSON.writeValueAsString(body));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("our own answers are JSON", e);
      }
    }
  }

  /** What a message is. */
  record Identity(String key, String incident, String step) {}

  /** What is wrong with a request; empty where the service would take it. */
  abstract List<String> problems(Request request);

  abstract Identity identity(Request request);

  /** The answer to what was taken; what the service keeps of it is kept now. */
  abstract Answer taken(Request request);

  abstract Answer refused(List<String> problems);

  /** A failure that comes with the status of a success; 500 where the service knows no such. */
  Answer errorBody() {
    return Answer.text(500, "no error body here");
  }

  /** What the service says beside a status of failure. */
  Answer failed(int status) {
    return Answer.text(status, "mock failure " + status);
  }

  public final int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** An address of this sink, with a path that begins with a slash. */
  public final URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  /** From the next request on. */
  public final void faults(Faults next) {
    faults = next;
  }

  public final Ledger ledger() {
    return ledger;
  }

  @Override
  public final void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
      ledger.request();
      boolean keepAlive = HttpUtil.isKeepAlive(request);
      byte[] bytes = ByteBufUtil.getBytes(request.content());
      Fault fault = faults.next();
      if (fault instanceof Fault.RateLimited limited) {
        send(ctx, failed(429), keepAlive, limited.retryAfterSeconds());
      } else if (fault instanceof Fault.Status status) {
        send(ctx, failed(status.status()), keepAlive, 0);
      } else if (fault instanceof Fault.ErrorBody) {
        send(ctx, errorBody(), keepAlive, 0);
      } else if (fault instanceof Fault.Reset) {
        reset(ctx);
      } else if (fault instanceof Fault.ResetAfterAccepting) {
        serve(request, bytes, false);
        reset(ctx);
      } else if (fault instanceof Fault.Slow slow) {
        Answer answer = serve(request, bytes, true);
        Duration by = slow.by();
        ctx.executor()
            .schedule(() -> send(ctx, answer, keepAlive, 0), by.toMillis(), TimeUnit.MILLISECONDS);
      } else if (fault instanceof Fault.None) {
        send(ctx, serve(request, bytes, true), keepAlive, 0);
      } else {
        LOG.debug("hangs on purpose");
      }
    }

    private Answer serve(FullHttpRequest http, byte[] bytes, boolean answered) {
      String text = new String(bytes, UTF_8);
      Map<String, String> headers = new TreeMap<>();
      http.headers()
          .forEach(h -> headers.putIfAbsent(h.getKey().toLowerCase(Locale.ROOT), h.getValue()));
      if (!http.method().name().equals("POST")) {
        return refuse(http.uri(), text, List.of("method " + http.method() + "; expected POST"));
      }
      String type = headers.getOrDefault("content-type", "");
      if (!type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
        return refuse(
            http.uri(), text, List.of("content-type " + type + "; expected application/json"));
      }
      JsonNode body;
      try {
        body = JSON.readTree(text);
      } catch (JsonProcessingException e) {
        return refuse(http.uri(), text, List.of("no JSON: " + e.getOriginalMessage()));
      }
      Request request = new Request(http.uri(), headers, body, bytes);
      List<String> problems = problems(request);
      if (!problems.isEmpty()) {
        return refuse(http.uri(), text, problems);
      }
      Identity identity = identity(request);
      ledger.take(
          new Received(
              Instant.now(),
              identity.key(),
              identity.incident(),
              identity.step(),
              http.uri(),
              headers,
              body,
              answered));
      return taken(request);
    }

    private Answer refuse(String path, String body, List<String> problems) {
      ledger.refuse(new Received.Refused(path, body, problems));
      return refused(problems);
    }

    private void reset(ChannelHandlerContext ctx) {
      ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
      ctx.close();
    }

    private void send(ChannelHandlerContext ctx, Answer answer, boolean keepAlive, int retryAfter) {
      byte[] body = answer.body().getBytes(UTF_8);
      var response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1,
              HttpResponseStatus.valueOf(answer.status()),
              Unpooled.wrappedBuffer(body));
      response.headers().set("content-type", answer.contentType());
      response.headers().set("content-length", body.length);
      if (retryAfter > 0) {
        response.headers().set("retry-after", retryAfter);
      }
      HttpUtil.setKeepAlive(response, keepAlive);
      var sent = ctx.writeAndFlush(response);
      if (!keepAlive) {
        sent.addListener(ChannelFutureListener.CLOSE);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      LOG.debug("client {}", ctx.channel(), cause);
      ctx.close();
    }
  }
}
