package io.llmtrace.testkit.gateway;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Names of upstreams by the JDK, which knows the machine's own configuration and caches, but
 * blocks: on threads of its own, so that a slow name server holds up nobody who does not ask it.
 * Thread-safe.
 */
final class OffLoopResolver extends AddressResolverGroup<InetSocketAddress> {
  private static final int THREADS = 4;
  private static final int WAITING = 1_000;

  private final ExecutorService threads;

  OffLoopResolver() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(WAITING),
            new DefaultThreadFactory("test-gateway-names", true));
    pool.allowCoreThreadTimeOut(true);
    threads = pool;
  }

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new Resolver(executor, threads).asAddressResolver();
  }

  private static final class Resolver extends InetNameResolver {
    private final ExecutorService threads;

    Resolver(EventExecutor executor, ExecutorService threads) {
      super(executor);
      this.threads = threads;
    }

    @Override
    protected void doResolve(String name, Promise<InetAddress> promise) {
      lookUp(() -> promise.trySuccess(InetAddress.getByName(name)), promise);
    }

    @Override
    protected void doResolveAll(String name, Promise<List<InetAddress>> promise) {
      lookUp(() -> promise.trySuccess(Arrays.asList(InetAddress.getAllByName(name))), promise);
    }

    private void lookUp(Lookup lookup, Promise<?> promise) {
      try {
        threads.execute(
            () -> {
              try {
                lookup.run();
              } catch (UnknownHostException e) {
                promise.tryFailure(e);
              }
            });
      } catch (RejectedExecutionException e) {
        promise.tryFailure(e);
      }
    }
  }

  /** One question to the JDK, whose answer it gives itself. */
  private interface Lookup {
    void run() throws UnknownHostException;
  }
}
