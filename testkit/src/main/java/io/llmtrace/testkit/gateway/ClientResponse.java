package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.Entry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The answer to the client, begun once and ended once. For the client's event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
final class ClientResponse {
  /** The length of a body is not known: it goes out in chunks. */
  static final long CHUNKED = -1;

  private static final int LOGGED_BODY = 512 << 10;
  private static final int NO_CONTENT = 204;
  private static final int NOT_MODIFIED = 304;

  /** What nginx decides itself. */
  private static final Set<String> OWN =
      Set.of("connection", "transfer-encoding", "content-length", "server");

  private final Channel client;
  private final Exchange x;
  private final Runnable whenOver;
  private boolean begun;
  private boolean over;

  ClientResponse(Channel client, Exchange x, Runnable whenOver) {
    this.client = client;
    this.x = x;
    this.whenOver = whenOver;
  }

  boolean begun() {
    return begun;
  }

  /** False while the client is slower than what is sent. */
  boolean writable() {
    return client.isWritable();
  }

  /** A whole answer of the gateway's own: its error page where an error has no body. */
  void answer(int code, List<Entry> head, byte[] content) {
    Optional<byte[]> page = content.length == 0 ? ErrorPage.of(code) : Optional.empty();
    if (page.isPresent()) {
      List<Entry> withType = new ArrayList<>(head);
      withType.add(new Entry("Content-Type", "text/html; charset=utf-8"));
      begin(code, withType, page.get().length);
      write(Unpooled.wrappedBuffer(page.get()));
    } else {
      begin(code, typed(head), CHUNKED);
      write(Unpooled.wrappedBuffer(content));
    }
    end();
  }

  /** The type that nginx gives to what has none. */
  static List<Entry> typed(List<Entry> head) {
    if (head.stream().anyMatch(h -> h.name().equalsIgnoreCase("content-type"))) {
      return head;
    }
    List<Entry> typed = new ArrayList<>(head);
    typed.add(new Entry("Content-Type", "text/plain; charset=utf-8"));
    return typed;
  }

  /**
   * Sends the head.
   *
   * @param length bytes of the body, or {@link #CHUNKED}
   */
  void begin(int code, List<Entry> head, long length) {
    begun = true;
    x.status = code;
    DefaultHttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code));
    HttpHeaders headers = response.headers();
    headers.set(HttpHeaderNames.SERVER, "APISIX/3.18.0");
    for (Entry h : x.addedResponseHeaders) {
      if (!h.name().toLowerCase(Locale.ROOT).startsWith("content-")) {
        add(headers, h);
      }
    }
    head.forEach(h -> add(headers, h));
    frame(code, headers, length);
    headers.set(
        HttpHeaderNames.CONNECTION,
        x.keepAlive ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
    for (Map.Entry<String, String> h : headers) {
      x.responseHeaders.merge(
          h.getKey().toLowerCase(Locale.ROOT),
          HeaderText.read(h.getValue()),
          (a, b) -> a + ", " + b);
    }
    if (!headers.contains(HttpHeaderNames.DATE)) {
      // nginx's own is not among the headers that Lua sees, and logs.
      headers.set(
          HttpHeaderNames.DATE,
          DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)));
    }
    client.write(response);
  }

  private static void add(HttpHeaders headers, Entry h) {
    String value = h.value();
    String name = h.name().toLowerCase(Locale.ROOT);
    if (value != null && !name.startsWith(":") && !OWN.contains(name)) {
      headers.add(h.name(), HeaderText.write(value));
    }
  }

  private void frame(int code, HttpHeaders headers, long length) {
    boolean bodiless = x.method.equals("HEAD") || code == NO_CONTENT || code == NOT_MODIFIED;
    if (length >= 0) {
      headers.set(HttpHeaderNames.CONTENT_LENGTH, length);
    } else if (x.http10) {
      x.keepAlive = x.keepAlive && bodiless; // the end of the connection ends the body
    } else if (!bodiless) {
      headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
  }

  /** Sends some of the body; takes the buffer over. */
  void write(ByteBuf bytes) {
    if (!bytes.isReadable()) {
      bytes.release();
      return;
    }
    int logged = Math.min(bytes.readableBytes(), LOGGED_BODY - x.responseBody.size());
    if (logged > 0) {
      x.responseBody.writeBytes(ByteBufUtil.getBytes(bytes, bytes.readerIndex(), logged));
    }
    client.write(new DefaultHttpContent(bytes));
  }

  void flush() {
    client.flush();
  }

  void end() {
    var last = client.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    if (!x.keepAlive) {
      last.addListener(ChannelFutureListener.CLOSE);
    }
    last.addListener(
        written -> {
          x.aborted = !written.isSuccess();
          over();
        });
  }

  /** Ends it so that the client sees that something is missing. */
  void breakOff() {
    client.flush();
    client.close();
    over();
  }

  /** The client has hung up. */
  void aborted() {
    x.aborted = true;
    if (!begun) {
      x.status = 499; // nginx's own, for the log only
    }
    over();
  }

  private void over() {
    if (!over) {
      over = true;
      whenOver.run();
    }
  }

  /** What an upstream says of its body's length. */
  static long length(HttpResponse upstream) {
    return HttpUtil.getContentLength(upstream, CHUNKED);
  }
}
