package io.llmtrace.testkit.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.testkit.provider.Dialect.Event;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** One answer as server-sent events, each at its time. For the channel's event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel
final class Streaming {
  private final Channel channel;
  private final ObjectMapper json;
  private final Pacing pacing;
  private final Random chance;
  private final List<Event> events;
  private final String model;
  private final boolean keepAlive;
  private int next;
  private int tokens;
  private boolean waited;

  Streaming(
      Channel channel,
      ObjectMapper json,
      Pacing pacing,
      List<Event> events,
      String model,
      boolean keepAlive) {
    this.channel = channel;
    this.json = json;
    this.pacing = pacing;
    this.chance = new Random(pacing.seed());
    this.events = events;
    this.model = model;
    this.keepAlive = keepAlive;
  }

  void start() {
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers().set("content-type", "text/event-stream; charset=utf-8");
    HttpUtil.setTransferEncodingChunked(head, true);
    HttpUtil.setKeepAlive(head, keepAlive);
    channel.writeAndFlush(head);
    goOn();
  }

  private void goOn() {
    while (next < events.size() && channel.isActive()) {
      Event event = events.get(next);
      if (event.token() && !waited) {
        waited = true;
        channel.eventLoop().schedule(this::goOn, pause(), TimeUnit.NANOSECONDS);
        return;
      }
      waited = false;
      if (breaksOff() && next == events.size() / 2) {
        channel
            .writeAndFlush(Unpooled.EMPTY_BUFFER)
            .addListener(sent -> MockProvider.hangUp(channel, model));
        return;
      }
      channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(line(event))));
      tokens += event.token() ? 1 : 0;
      next++;
    }
    var last = channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    if (!keepAlive) {
      last.addListener(ChannelFutureListener.CLOSE);
    }
  }

  private long pause() {
    return tokens == 0 ? pacing.firstToken().toNanos() : pacing.pauseNanos(chance.nextDouble());
  }

  private boolean breaksOff() {
    return model.equals("broken-stream") || model.equals(MockProvider.RESET);
  }

  private byte[] line(Event event) {
    String name = event.name().isEmpty() ? "" : "event: " + event.name() + "\n";
    try {
      String data =
          event.data() instanceof String text ? text : json.writeValueAsString(event.data());
      return (name + "data: " + data + "\n\n").getBytes(UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("our own events are JSON", e);
    }
  }
}
