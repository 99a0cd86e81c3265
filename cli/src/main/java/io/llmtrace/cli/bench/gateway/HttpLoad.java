package io.llmtrace.cli.bench.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * HTTP clients on kept connections, on one thread of their own: as fast as they are answered, or at
 * a fixed rate whatever becomes of the requests before. For one round at a time.
 */
final class HttpLoad implements AutoCloseable {
  /** Time after a round's end for what is still on its way. */
  private static final long PATIENCE_SECONDS = 75;

  private static final double WARM_UP_SECONDS = 2;
  private static final int WARM_UP_ROUNDS = 25;
  private static final int WARM_UP_FLAT = 4;

  private final EventLoopGroup loop;
  private final int port;

  HttpLoad(int port) {
    this.port = port;
    this.loop =
        new MultiThreadIoEventLoopGroup(
            1,
            new DefaultThreadFactory("bench-client", true),
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /** As many requests as are answered in a time, each connection one after the other. */
  Outcome closed(Supplier<byte[]> bodies, int connections, double seconds)
      throws InterruptedException {
    return run(new Round(bodies, connections, seconds, 0));
  }

  /** So many requests a second, evenly; those that find no free connection wait for one. */
  Outcome open(Supplier<byte[]> bodies, int connections, double seconds, double perSecond)
      throws InterruptedException {
    return run(new Round(bodies, connections, seconds, perSecond));
  }

  /**
   * Until the other side's compiler has done its work: no round in a row has been better by a
   * twentieth than all before, for some seconds. A large program takes half a minute of that.
   *
   * @param said takes the requests a second of each round
   */
  void untilFlat(Supplier<byte[]> bodies, int connections, DoubleConsumer said)
      throws InterruptedException {
    double best = 0;
    int flat = 0;
    for (int round = 0; round < WARM_UP_ROUNDS && flat < WARM_UP_FLAT; round++) {
      double rate = closed(bodies, connections, WARM_UP_SECONDS).perSecond();
      said.accept(rate);
      flat = rate > 1.05 * best ? 0 : flat + 1;
      best = Math.max(best, rate);
    }
  }

  private Outcome run(Round round) throws InterruptedException {
    loop.execute(round::begin);
    try {
      return round.done.get((long) Math.ceil(round.seconds) + PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the clients did not come to an end", e);
    }
  }

  @Override
  public void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** One round; everything happens on the loop's thread. */
  private final class Round {
    final Supplier<byte[]> bodies;
    final int connections;
    final double seconds;
    final double perSecond;
    final CompletableFuture<Outcome> done = new CompletableFuture<>();
    private final List<Client> clients = new ArrayList<>();
    private final Deque<Client> free = new ArrayDeque<>();
    private final Deque<Long> due = new ArrayDeque<>();
    private final Map<Integer, Long> statuses = new TreeMap<>();
    private long[] nanos = new long[1 << 16];
    private int answered;
    private long failed;
    private long start;
    private long end;
    private long arrivals;
    private int connecting;
    private int open;
    private int busy;

    Round(Supplier<byte[]> bodies, int connections, double seconds, double perSecond) {
      this.bodies = bodies;
      this.connections = connections;
      this.seconds = seconds;
      this.perSecond = perSecond;
    }

    void begin() {
      connecting = connections;
      for (int i = 0; i < connections; i++) {
        connect();
      }
    }

    private void connect() {
      Bootstrap bootstrap =
          new Bootstrap()
              .group(loop)
              .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel.pipeline().addLast(new HttpResponseDecoder(), new Client(Round.this));
                    }
                  });
      bootstrap
          .connect("127.0.0.1", port)
          .addListener(
              connected -> {
                connecting--;
                if (!connected.isSuccess()) {
                  done.completeExceptionally(connected.cause());
                } else if (connecting == 0) {
                  go();
                }
              });
    }

    private void go() {
      start = System.nanoTime();
      end = start + (long) (seconds * 1e9);
      if (perSecond > 0) {
        tick();
        return;
      }
      for (Client client = free.poll(); client != null; client = free.poll()) {
        send(client, System.nanoTime());
      }
    }

    private long dueAt(long number) {
      return start + (long) (number * 1e9 / perSecond);
    }

    private void tick() {
      long now = System.nanoTime();
      while (dueAt(arrivals) <= now && dueAt(arrivals) < end) {
        long at = dueAt(arrivals++);
        Client client = free.poll();
        if (client == null) {
          due.add(at);
        } else {
          send(client, at);
        }
      }
      if (dueAt(arrivals) >= end) {
        finishIfIdle();
        return;
      }
      var unused =
          loop.schedule(this::tick, dueAt(arrivals) - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private void send(Client client, long at) {
      busy++;
      client.send(at, bodies.get());
    }

    void opened(Client client) {
      open++;
      free.add(client);
    }

    void closed(Client client, boolean wasBusy) {
      open--;
      // Or it would be given the next request, which nothing would ever answer.
      free.remove(client);
      if (wasBusy) {
        busy--;
        failed++;
      }
      if (open == 0) {
        // Nobody is left who could ask.
        failed += due.size();
        due.clear();
        end = System.nanoTime();
        finish();
      } else {
        finishIfIdle();
      }
    }

    void answered(Client client, int status, long at) {
      long now = System.nanoTime();
      busy--;
      if (answered == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * answered);
      }
      nanos[answered++] = now - at;
      statuses.merge(status, 1L, Long::sum);
      if (perSecond == 0) {
        if (now < end) {
          send(client, now);
        } else {
          finishIfIdle();
        }
        return;
      }
      Long waiting = due.poll();
      if (waiting != null) {
        send(client, waiting);
      } else {
        free.add(client);
        finishIfIdle();
      }
    }

    private void finishIfIdle() {
      boolean over = perSecond == 0 ? System.nanoTime() >= end : dueAt(arrivals) >= end;
      if (over && busy == 0 && due.isEmpty()) {
        finish();
      }
    }

    private void finish() {
      if (!done.isDone()) {
        double took = perSecond == 0 ? (System.nanoTime() - start) / 1e9 : seconds;
        done.complete(Outcome.of(took, statuses, failed, Arrays.copyOf(nanos, answered)));
        clients.forEach(Client::hangUp);
      }
    }
  }

  private static final class Client extends ChannelInboundHandlerAdapter {
    private static final String HEAD =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            + "content-length: ";

    private final Round round;
    private @Nullable ChannelHandlerContext context;
    private boolean busy;
    private long at;
    private int status;

    Client(Round round) {
      this.round = round;
    }

    void send(long dueAt, byte[] body) {
      busy = true;
      at = dueAt;
      byte[] head = (HEAD + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
      ByteBuf bytes = Unpooled.wrappedBuffer(head, body);
      ChannelHandlerContext ctx = context;
      if (ctx != null) {
        var unused = ctx.writeAndFlush(bytes);
      }
    }

    void hangUp() {
      ChannelHandlerContext ctx = context;
      if (ctx != null) {
        var unused = ctx.close();
      }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      context = ctx;
      round.clients.add(this);
      round.opened(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof HttpResponse response) {
        status = response.status().code();
      }
      boolean last = message instanceof LastHttpContent;
      ReferenceCountUtil.release(message);
      if (last) {
        busy = false;
        round.answered(this, status, at);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      boolean wasBusy = busy;
      busy = false;
      round.closed(this, wasBusy);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      var unused = ctx.close();
    }
  }
}
