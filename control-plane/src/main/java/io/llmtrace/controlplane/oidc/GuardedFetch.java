package io.llmtrace.controlplane.oidc;

import io.llmtrace.runtime.config.OidcConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Fetches JSON of an identity provider: https (http on loopback), no redirects, a time for the
 * whole answer, at most 512 KiB. Thread-safe.
 */
final class GuardedFetch {
  private static final Duration CONNECT = Duration.ofSeconds(3);
  static final Duration WHOLE = Duration.ofSeconds(5);
  private static final int MOST_BYTES = 512 << 10;

  private final HttpClient client =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(CONNECT)
          .build();

  private final Duration whole;

  /**
   * @param whole for the whole answer
   */
  GuardedFetch(Duration whole) {
    this.whole = whole;
  }

  byte[] get(URI address) throws IOException {
    if (!OidcConfig.isGuarded(address)) {
      throw new IOException("expected an https address, was " + address);
    }
    HttpRequest request =
        HttpRequest.newBuilder(address).header("Accept", "application/json").build();
    CompletableFuture<HttpResponse<byte[]>> answer =
        client.sendAsync(request, info -> new Bounded());
    try {
      HttpResponse<byte[]> response = answer.get(whole.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() != 200) {
        throw new IOException(address + " answered " + response.statusCode());
      }
      return response.body();
    } catch (ExecutionException e) {
      throw new IOException(address + " cannot be read", e);
    } catch (TimeoutException e) {
      throw new IOException(address + " did not answer within " + whole, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      answer.cancel(true);
    }
  }

  /** Gives up on a body that is too long, rather than reading it to its end. */
  private static final class Bounded implements HttpResponse.BodySubscriber<byte[]> {
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();

    @SuppressWarnings("NullAway.Init") // set before anything else is called (Flow.Subscriber)
    private Flow.Subscription subscription;

    @Override
    public CompletionStage<byte[]> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription made) {
      subscription = made;
      made.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        if (read.size() + buffer.remaining() > MOST_BYTES) {
          subscription.cancel();
          body.completeExceptionally(new IOException("expected at most " + MOST_BYTES + " bytes"));
          return;
        }
        byte[] part = new byte[buffer.remaining()];
        buffer.get(part);
        read.writeBytes(part);
      }
    }

    @Override
    public void onError(Throwable fault) {
      body.completeExceptionally(fault);
    }

    @Override
    public void onComplete() {
      body.complete(read.toByteArray());
    }
  }
}
