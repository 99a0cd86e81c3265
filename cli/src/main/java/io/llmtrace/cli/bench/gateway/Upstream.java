package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.BatchAck;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/**
 * What stands behind the gateway and beside the plugin, as cheap as it can be: a provider that says
 * the same each time, whole or as a stream, and a control plane that takes every batch.
 * Thread-safe.
 */
final class Upstream implements AutoCloseable {
  private static final int MOST_BODY = 64 << 20;
  private static final byte[] ANSWER =
      """
      {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,\
      "message":{"role":"assistant","content":"Here you are."},"finish_reason":"stop"}],\
      "usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}"""
          .getBytes(StandardCharsets.UTF_8);

  /** Near the front of a body: whoever asks for a stream says so there. */
  private static final byte[] STREAM = "\"stream\":true".getBytes(StandardCharsets.UTF_8);

  private static final int LOOKED_AT = 64;
  private static final byte[] EVENTS =
      """
      data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini",\
      "choices":[{"index":0,"delta":{"role":"assistant","content":"Here"}}]}

      data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini",\
      "choices":[{"index":0,"delta":{"content":" you are."},"finish_reason":"stop"}]}

      data: [DONE]

      """
          .getBytes(StandardCharsets.UTF_8);

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("bench-upstream", true), NioIoHandler.newFactory());
  private final ChannelGroup clients = new DefaultChannelGroup(loop.next());
  private final Channel listener;

  Upstream() {
    listener =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    clients.add(channel);
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(),
                            new HttpObjectAggregator(MOST_BODY),
                            new Answers());
                  }
                })
            .bind("127.0.0.1", 0)
            .syncUninterruptibly()
            .channel();
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    // A loop that ends leaves its connections open, and whoever waits on one waiting.
    clients.close().syncUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
      boolean streamed = asksForStream(request.content());
      byte[] body = streamed ? EVENTS : ANSWER;
      if (request.uri().endsWith("/ingest/batches")) {
        body = acknowledgement(request.content());
      }
      ByteBuf content = Unpooled.wrappedBuffer(body);
      DefaultFullHttpResponse response =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, content);
      response
          .headers()
          .set(HttpHeaderNames.CONTENT_TYPE, streamed ? "text/event-stream" : "application/json")
          .setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
      var unused = ctx.writeAndFlush(response);
    }

    private static boolean asksForStream(ByteBuf body) {
      ByteBuf front = body.slice(body.readerIndex(), Math.min(LOOKED_AT, body.readableBytes()));
      return ByteBufUtil.indexOf(Unpooled.wrappedBuffer(STREAM), front) >= 0;
    }

    /** The number stands before the records: only the batch's first bytes are looked at. */
    private static byte[] acknowledgement(ByteBuf gzip) {
      try (JsonParser json =
          WireJson.mapper()
              .getFactory()
              .createParser(new GZIPInputStream(new ByteBufInputStream(gzip)))) {
        while (json.nextToken() != null) {
          if (json.currentToken() == JsonToken.FIELD_NAME
              && json.currentName().equals("sequence")) {
            return WireJson.mapper().writeValueAsBytes(new BatchAck(json.nextLongValue(0), false));
          }
        }
        throw new IllegalStateException("a batch without its number");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
