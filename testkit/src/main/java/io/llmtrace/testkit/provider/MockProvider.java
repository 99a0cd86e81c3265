package io.llmtrace.testkit.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.testkit.provider.Dialect.Usage;
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
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OpenAI chat completions ({@code /v1/chat/completions}) and responses ({@code /v1/responses}) and
 * Anthropic messages ({@code /v1/messages}), on a free loopback port unless told. The model's name
 * picks the behaviour:
 *
 * <ul>
 *   <li>{@code error-NNN} answers that status with the provider's error body, 429 and 529 with
 *       {@code Retry-After};
 *   <li>{@code slow} waits 1 s before it answers;
 *   <li>{@code broken-json} answers 200 with half a JSON document;
 *   <li>{@code broken-stream} hangs up in the middle of a stream, {@code reset} in the middle of
 *       any answer;
 *   <li>{@code recites-prompt} tells the system prompt it was given, {@code image-beacon} draws an
 *       image whose address carries what the user said;
 *   <li>{@code calls-tool} calls the first tool it is given, and tells what the tool answered;
 *   <li>any other model answers and is echoed.
 * </ul>
 *
 * <p>Not on the JDK's server, whose answers on a kept connection take 40 ms (Nagle's algorithm
 * against delayed acknowledgements). Thread-safe.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel
public final class MockProvider implements AutoCloseable {
  static final int INPUT_TOKENS = 9;

  static final String RESET = "reset";

  private static final Logger LOG = LoggerFactory.getLogger(MockProvider.class);
  private static final String LOOPBACK = "127.0.0.1";
  private static final int MAX_BODY = 64 << 20;
  private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Dialect OPEN_AI = new OpenAi();
  private static final Dialect ANTHROPIC = new Anthropic();
  private static final Dialect RESPONSES = new Responses();

  private final ObjectMapper json = new ObjectMapper();
  private final Pacing pacing;
  private final UsageBlocks usageBlocks;
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("mock-provider", true), NioIoHandler.newFactory());
  private final Channel listener;
  private final AtomicLong requests = new AtomicLong();
  private volatile Map<String, String> lastHeaders = Map.of();
  private volatile String lastBody = "";

  private MockProvider(
      String host, int port, Pacing pacing, UsageBlocks usageBlocks, Optional<SslContext> tls)
      throws IOException {
    this.pacing = pacing;
    this.usageBlocks = usageBlocks;
    var bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    tls.ifPresent(
                        context -> channel.pipeline().addLast(context.newHandler(channel.alloc())));
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(),
                            new HttpObjectAggregator(MAX_BODY),
                            new Answering());
                  }
                })
            .bind(host, port)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      throw new IOException(
          "the mock provider cannot listen on " + host + ":" + port, bound.cause());
    }
    listener = bound.channel();
  }

  /** Fast, and with usage in every stream. */
  public static MockProvider start() throws IOException {
    return start(Pacing.FAST, UsageBlocks.ALWAYS);
  }

  public static MockProvider start(Pacing pacing, UsageBlocks usageBlocks) throws IOException {
    return start(LOOPBACK, 0, pacing, usageBlocks);
  }

  /** On an address of one's own, for a process that others are told of. */
  public static MockProvider start(String host, int port, Pacing pacing, UsageBlocks usageBlocks)
      throws IOException {
    return new MockProvider(host, port, pacing, usageBlocks, Optional.empty());
  }

  /** The same behind TLS. */
  public static MockProvider start(Pacing pacing, UsageBlocks usageBlocks, SslContext tls)
      throws IOException {
    return new MockProvider(LOOPBACK, 0, pacing, usageBlocks, Optional.of(tls));
  }

  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Requests that reached the provider. */
  public long requests() {
    return requests.get();
  }

  /** The last request's headers, names in lower case, first value each. */
  public Map<String, String> lastHeaders() {
    return lastHeaders;
  }

  /** The last request's body. */
  public String lastBody() {
    return lastBody;
  }

  @Override
  public void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private JsonNode read(FullHttpRequest request) throws IOException {
    byte[] body = ByteBufUtil.getBytes(request.content());
    if ("gzip".equals(request.headers().get("content-encoding"))) {
      body = new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes();
    }
    Map<String, String> headers = new TreeMap<>();
    request
        .headers()
        .forEach(h -> headers.putIfAbsent(h.getKey().toLowerCase(Locale.ROOT), h.getValue()));
    lastHeaders = Map.copyOf(headers);
    lastBody = new String(body, UTF_8);
    requests.incrementAndGet();
    return json.readTree(body);
  }

  private static Dialect dialect(String uri) {
    String path = uri.split("\\?", 2)[0];
    if (path.endsWith("/messages")) {
      return ANTHROPIC;
    }
    return path.endsWith("/responses") ? RESPONSES : OPEN_AI;
  }

  private Usage usage(JsonNode request) {
    if (usageBlocks == UsageBlocks.ALWAYS) {
      return Usage.WITH_FINISH;
    }
    return request.path("stream_options").path("include_usage").asBoolean()
        ? Usage.AT_THE_END
        : Usage.NONE;
  }

  /** Ends a connection with a reset, or in order. */
  static void hangUp(Channel channel, String model) {
    if (model.equals(RESET)) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    channel.close();
  }

  /** One connection; requests come one after the other. */
  private final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request)
        throws IOException {
      Dialect dialect = dialect(request.uri());
      boolean keepAlive = HttpUtil.isKeepAlive(request);
      JsonNode asked;
      try {
        asked = read(request);
      } catch (JsonProcessingException e) {
        answer(ctx, 400, dialect.error(400, "The body is not JSON."), keepAlive);
        return;
      }
      String model = asked.path("model").asText("mock-model");
      boolean stream = asked.path("stream").asBoolean();
      long wait = model.equals("slow") ? SLOW_NANOS : 0;
      if (!stream) {
        wait += pacing.firstToken().toNanos();
      }
      Runnable answer =
          () -> {
            if (model.matches("error-[45]\\d\\d")) {
              int status = Integer.parseInt(model.substring("error-".length()));
              answer(ctx, status, dialect.error(status, "Mock error " + status + "."), keepAlive);
            } else if (stream && !model.equals("broken-json")) {
              new Streaming(
                      ctx.channel(),
                      json,
                      pacing,
                      dialect.stream(model, Speech.reply(model, asked), usage(asked)),
                      model,
                      keepAlive)
                  .start();
            } else {
              whole(ctx, model, dialect.answer(model, Speech.reply(model, asked)), keepAlive);
            }
          };
      if (wait == 0) {
        answer.run();
      } else {
        ctx.executor().schedule(answer, wait, TimeUnit.NANOSECONDS);
      }
    }

    private void whole(ChannelHandlerContext ctx, String model, Object body, boolean keepAlive) {
      byte[] bytes = bytes(body);
      if (model.equals(RESET)) {
        FullHttpResponse response = response(200, Arrays.copyOf(bytes, bytes.length / 2));
        response.headers().set("content-length", bytes.length);
        ctx.writeAndFlush(response).addListener(sent -> hangUp(ctx.channel(), model));
      } else {
        boolean half = model.equals("broken-json");
        send(ctx, response(200, half ? Arrays.copyOf(bytes, bytes.length / 2) : bytes), keepAlive);
      }
    }

    private void answer(ChannelHandlerContext ctx, int status, Object body, boolean keepAlive) {
      FullHttpResponse response = response(status, bytes(body));
      if (status == 429 || status == 529) {
        response.headers().set("retry-after", "1");
      }
      send(ctx, response, keepAlive);
    }

    private byte[] bytes(Object body) {
      try {
        return json.writeValueAsBytes(body);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("our own answers are JSON", e);
      }
    }

    private FullHttpResponse response(int status, byte[] body) {
      FullHttpResponse response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1,
              HttpResponseStatus.valueOf(status),
              Unpooled.wrappedBuffer(body));
      response.headers().set("content-type", "application/json");
      response.headers().set("content-length", body.length);
      return response;
    }

    private void send(ChannelHandlerContext ctx, FullHttpResponse response, boolean keepAlive) {
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
