package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.Entry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** nginx's proxy: the request goes to a node, the answer comes back as it is sent, unbuffered. */
final class Forwarding implements UpstreamListener, Proxying {
  private static final Logger LOG = LoggerFactory.getLogger(Forwarding.class);
  private static final int SERVER_ERRORS = 500;

  /** What nginx does not pass on, or sets itself. */
  private static final Set<String> NOT_PASSED =
      Set.of(
          "connection",
          "keep-alive",
          "content-length",
          "transfer-encoding",
          "te",
          "host",
          "upgrade",
          "expect");

  /** Headers of an upstream that nginx keeps from clients. */
  private static final Set<String> HIDDEN =
      Set.of(
          "keep-alive",
          "x-pad",
          "x-accel-expires",
          "x-accel-redirect",
          "x-accel-limit-rate",
          "x-accel-buffering",
          "x-accel-charset");

  private final Exchange x;
  private final ClientResponse response;
  private final Upstream upstream;
  private final Upstream.Address node;
  private UpstreamLink.@Nullable Call call;

  Forwarding(Exchange x, ClientResponse response, Upstream upstream, Upstream.Address node) {
    this.x = x;
    this.response = response;
    this.upstream = upstream;
    this.node = node;
  }

  void start(UpstreamLink link) {
    x.bodyRead = true;
    x.upstream = node.host() + ":" + node.port();
    x.upstreamSentNanos = System.nanoTime();
    call = link.send(upstream, node, upstream.serverName(x.host(), node), this::request, this);
  }

  private FullHttpRequest request() {
    FullHttpRequest request = request(x, upstream.host(x.host(), node));
    x.headers.forEach(
        (name, values) -> {
          if (!NOT_PASSED.contains(name)) {
            values.forEach(value -> request.headers().add(name, HeaderText.write(value)));
          }
        });
    String peer = x.remote.getAddress().getHostAddress();
    String before = x.header("x-forwarded-for");
    request.headers().set("x-real-ip", peer);
    request.headers().set("x-forwarded-for", before == null ? peer : before + ", " + peer);
    return request;
  }

  /** The request line, host, body and its length. */
  static FullHttpRequest request(Exchange x, String host) {
    FullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.valueOf(x.method),
            x.target(),
            Unpooled.wrappedBuffer(x.body));
    request.headers().set("host", HeaderText.write(host));
    if (x.body.length > 0
        || x.headers.containsKey("content-length")
        || x.headers.containsKey("transfer-encoding")) {
      request.headers().set("content-length", x.body.length);
    }
    return request;
  }

  static List<Entry> entries(HttpResponse head) {
    List<Entry> entries = new ArrayList<>();
    head.headers().forEach(h -> entries.add(new Entry(h.getKey(), HeaderText.read(h.getValue()))));
    return entries;
  }

  @Override
  public void head(HttpResponse head) {
    x.upstreamHeadNanos = System.nanoTime();
    x.upstreamStatus = head.status().code();
    List<Entry> entries = entries(head);
    entries.removeIf(h -> HIDDEN.contains(h.name().toLowerCase(Locale.ROOT)));
    if (x.upstreamStatus >= SERVER_ERRORS) {
      entries.add(new Entry("X-APISIX-Upstream-Status", String.valueOf(x.upstreamStatus)));
    }
    response.begin(x.upstreamStatus, entries, ClientResponse.length(head));
  }

  @Override
  public void content(ByteBuf bytes) {
    response.write(bytes.retain());
  }

  @Override
  public void pause() {
    response.flush();
    clientWritable();
  }

  @Override
  public void end() {
    x.upstreamEndNanos = System.nanoTime();
    response.end();
  }

  @Override
  public void failed(UpstreamFailure failure) {
    // As in nginx's error log. The path alone: a query may hold a key.
    LOG.warn("upstream {} for {}: {}", x.upstream, x.path, failure.getMessage());
    LOG.debug("upstream {}", x.upstream, failure);
    x.upstreamEndNanos = System.nanoTime();
    if (response.begun()) {
      response.breakOff();
    } else {
      x.upstreamStatus = failure.status();
      response.answer(failure.status(), List.of(), new byte[0]);
    }
  }

  @Override
  public void clientWritable() {
    if (call != null) {
      call.read(response.writable());
    }
  }

  @Override
  public void clientGone() {
    x.upstreamEndNanos = System.nanoTime();
    if (call != null) {
      call.abandon();
    }
    response.aborted();
  }
}
