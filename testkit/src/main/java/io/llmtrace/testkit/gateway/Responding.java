package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ext-plugin-post-resp: the plugin itself asks the upstream, on a connection of its own, and shows
 * the head to the runner. The body waits, and is collected whole if the runner asks for it; else it
 * goes out as it comes. When the runner fails, the body goes out all the same, as recorded.
 */
final class Responding implements UpstreamListener, Proxying {
  private static final Logger LOG = LoggerFactory.getLogger(Responding.class);
  static final String PLUGIN = "ext-plugin-post-resp";

  /**
   * What the gateway does not restore where the runner returns no headers; the recordings show the
   * content ones and connection, the gateway's source has the rest.
   */
  private static final Set<String> LOST =
      Set.of(
          "connection",
          "content-encoding",
          "content-language",
          "content-length",
          "content-location",
          "content-type",
          "location",
          "server",
          "transfer-encoding",
          "www-authenticate");

  /** What {@link Forwarding#request(Exchange, String)} sets, or the gateway has answered. */
  private static final Set<String> SET_ANEW =
      Set.of("host", "content-length", "transfer-encoding", "expect");

  private final Exchange x;
  private final ClientResponse response;
  private final Upstream upstream;
  private final Upstream.Address node;
  private final RunnerLink runner;
  private final Call decision;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private UpstreamLink.@Nullable Call call;
  private @Nullable HttpResponse head;
  private @Nullable CompletableFuture<byte @Nullable []> whole;
  private State state = State.DECIDING;
  private boolean ended;
  private boolean broken;

  private enum State {
    DECIDING,
    RELAYING,
    OVER
  }

  Responding(
      Exchange x,
      ClientResponse response,
      GatewayConfig.Route route,
      Upstream.Address node,
      RunnerLink runner,
      Map<String, Object> settings,
      long version) {
    this.x = x;
    this.response = response;
    this.upstream = route.upstream();
    this.node = node;
    this.runner = runner;
    this.decision = new Call(x, route.id(), settings, version);
  }

  void start(UpstreamLink link) {
    x.bodyRead = true;
    call = link.sendUnpooled(upstream, node, this::request, this);
  }

  /** The client's headers as they are: no proxy sets any here. */
  private FullHttpRequest request() {
    FullHttpRequest request = Forwarding.request(x, x.host());
    x.headers.forEach(
        (name, values) -> {
          if (!SET_ANEW.contains(name)) {
            values.forEach(value -> request.headers().add(name, HeaderText.write(value)));
          }
        });
    return request;
  }

  @Override
  public void head(HttpResponse answer) {
    head = answer;
    read(false);
    var unused =
        runner
            .call(decision)
            .whenComplete(
                (decided, failure) -> {
                  if (state != State.OVER) {
                    apply(answer, decided, failure);
                  }
                });
  }

  private void apply(
      HttpResponse answer, RunnerAnswer.@Nullable Response decided, @Nullable Throwable failure) {
    int status = answer.status().code();
    if (decided == null) {
      if (failure != null && RunnerFailure.of(failure).isEmpty()) {
        LOG.warn("{} on {}", PLUGIN, x.uri, failure);
      } else {
        LOG.debug("{} on {}", PLUGIN, x.uri, failure);
      }
      relay(decision.degrades() ? status : 503, List.of());
      return;
    }
    int code = decided.status() == 0 ? status : decided.status();
    ByteBuffer body = decided.body();
    if (body != null && body.hasRemaining()) {
      state = State.OVER;
      if (call != null) {
        call.abandon();
      }
      response.answer(code, decided.headers(), RequestFlow.bytes(body));
    } else {
      relay(code, decided.headers().isEmpty() ? restored(answer) : decided.headers());
    }
  }

  private static List<Entry> restored(HttpResponse answer) {
    return Forwarding.entries(answer).stream()
        .filter(h -> !LOST.contains(h.name().toLowerCase(Locale.ROOT)))
        .toList();
  }

  private void relay(int status, List<Entry> headers) {
    state = State.RELAYING;
    response.begin(status, ClientResponse.typed(headers), ClientResponse.CHUNKED);
    response.write(Unpooled.wrappedBuffer(held.toByteArray()));
    if (ended) {
      response.end();
    } else if (broken) {
      response.breakOff();
    } else {
      pause();
    }
  }

  @Override
  public void content(ByteBuf bytes) {
    if (state == State.DECIDING) {
      held.writeBytes(ByteBufUtil.getBytes(bytes));
    } else if (state == State.RELAYING) {
      response.write(bytes.retain());
    }
  }

  @Override
  public void pause() {
    if (state == State.RELAYING) {
      response.flush();
      clientWritable();
    }
  }

  @Override
  public void end() {
    ended = true;
    if (state == State.RELAYING) {
      response.end();
    } else if (whole != null) {
      whole.complete(held.toByteArray());
    }
  }

  @Override
  public void failed(UpstreamFailure failure) {
    LOG.warn("upstream {} for {}: {}", node, x.path, failure.getMessage());
    LOG.debug("upstream {}", node, failure);
    broken = true;
    if (head == null) {
      state = State.OVER;
      response.answer(502, List.of(), new byte[0]);
    } else if (state == State.RELAYING) {
      response.breakOff();
    } else if (whole != null) {
      whole.completeExceptionally(new RunnerFailure("the body that it asks for breaks off"));
    }
  }

  @Override
  public void clientWritable() {
    if (state == State.RELAYING) {
      read(response.writable());
    }
  }

  @Override
  public void clientGone() {
    state = State.OVER;
    if (call != null) {
      call.abandon();
    }
    response.aborted();
  }

  private void read(boolean on) {
    if (call != null) {
      call.read(on);
    }
  }

  private final class Call extends ExchangeCall<RunnerAnswer.Response> {
    Call(Exchange x, String routeId, Map<String, Object> settings, long version) {
      super(x, routeId, PLUGIN, settings, version);
    }

    @Override
    public int type() {
      return A6Frame.HTTP_RESP_CALL;
    }

    @Override
    public A6Frame frame(long id, long token) {
      if (head == null) {
        throw new IllegalStateException("no answer yet");
      }
      return GatewayFrames.responseCall(id, head.status().code(), Forwarding.entries(head), token);
    }

    @Override
    public RunnerAnswer.Response decode(A6Frame answer) {
      return GatewayFrames.responseAnswer(answer);
    }

    @Override
    CompletableFuture<byte @Nullable []> responseBody() {
      if (ended) {
        return CompletableFuture.completedFuture(held.toByteArray());
      }
      if (broken) {
        return CompletableFuture.failedFuture(new RunnerFailure("the body breaks off"));
      }
      CompletableFuture<byte @Nullable []> body = new CompletableFuture<>();
      whole = body;
      read(true);
      return body;
    }
  }
}
