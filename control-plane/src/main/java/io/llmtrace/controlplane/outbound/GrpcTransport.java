package io.llmtrace.controlplane.outbound;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.H2AsyncClientBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.nio.AsyncRequestProducer;
import org.apache.hc.core5.http.nio.support.AsyncRequestBuilder;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * Unary calls of gRPC (github.com/grpc/grpc, {@code doc/PROTOCOL-HTTP2.md}): to checked addresses
 * only, TLS verified, no redirects, cookies, proxies or retries. A connection is kept while it is
 * used, to the address that was checked when it was opened. Thread-safe.
 */
public final class GrpcTransport implements AutoCloseable {
  /** How a call ended. Reasons name neither targets nor secrets. */
  public sealed interface Answer {
    /**
     * The server said something.
     *
     * @param status of gRPC, 0 is success
     * @param message the answer's message, empty where there is none; not to be changed
     * @param description of a status that is no success
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Answered(int status, byte[] message, String description) implements Answer {}

    /** It said nothing, or nothing of gRPC; another time may be better. */
    record Unanswered(String reason) implements Answer {}

    /** Nothing was sent. */
    record Refused(String reason) implements Answer {}
  }

  private static final ContentType GRPC = ContentType.create("application/grpc");

  /** A flag whether the message is compressed, and four bytes of its length. */
  private static final int PREFIX = 5;

  private final AddressGuard guard;
  private final long wholeMillis;
  private final CloseableHttpAsyncClient client;

  /**
   * @param wholeMillis for one call from its beginning to the end of the answer
   */
  public GrpcTransport(AddressGuard guard, SSLContext trust, long wholeMillis) {
    this.guard = guard;
    this.wholeMillis = wholeMillis;
    Timeout whole = Timeout.ofMilliseconds(wholeMillis);
    this.client =
        H2AsyncClientBuilder.create()
            .setDnsResolver(guard)
            .setTlsStrategy(new DefaultClientTlsStrategy(trust))
            .setDefaultConnectionConfig(
                ConnectionConfig.custom()
                    .setConnectTimeout(Timeout.ofMilliseconds(wholeMillis / 2))
                    .setSocketTimeout(whole)
                    .build())
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setResponseTimeout(whole)
                    .setRedirectsEnabled(false)
                    .setAuthenticationEnabled(false)
                    .build())
            .setThreadFactory(
                task -> {
                  Thread thread = new Thread(task, "outbound-grpc");
                  thread.setDaemon(true);
                  return thread;
                })
            .setUserAgent("llmtrace")
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAutomaticRetries()
            .disableAuthCaching()
            .evictIdleConnections(TimeValue.ofMinutes(2))
            .build();
    client.start();
  }

  /**
   * Calls a method. Never throws for what a server or a network does.
   *
   * @param server https, or http where its host is allowed; without path
   * @param method such as {@code package.Service/Method}
   * @param message not copied: not to be changed meanwhile
   */
  public Answer call(URI server, String method, Map<String, String> headers, byte[] message) {
    String scheme = server.getScheme().toLowerCase(Locale.ROOT);
    int port = server.getPort() >= 0 ? server.getPort() : scheme.equals("https") ? 443 : 80;
    if (!scheme.equals("https") && !guard.isAllowed(server.getHost(), port)) {
      return new Answer.Refused(
          "its target is not https; " + guard.allowedBy() + " may allow that host");
    }
    URI target = URI.create(scheme + "://" + server.getHost() + ":" + port + "/" + method);
    Future<GrpcAnswers.Raw> call =
        client.execute(request(target, headers, message), new GrpcAnswers(), null);
    try {
      return answer(call.get(wholeMillis, TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      return fault(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      call.cancel(true);
      return new Answer.Unanswered("no whole answer within " + wholeMillis / 1000 + " s");
    } catch (InterruptedException e) {
      call.cancel(true);
      Thread.currentThread().interrupt();
      return new Answer.Unanswered("interrupted");
    }
  }

  private AsyncRequestProducer request(URI target, Map<String, String> headers, byte[] message) {
    ByteBuffer framed = ByteBuffer.allocate(PREFIX + message.length);
    framed.put((byte) 0).putInt(message.length).put(message);
    AsyncRequestBuilder request = AsyncRequestBuilder.post(target);
    headers.forEach(request::addHeader);
    return request
        .addHeader("te", "trailers")
        .addHeader("grpc-timeout", wholeMillis + "m")
        .setEntity(framed.array(), GRPC)
        .build();
  }

  private static Answer answer(GrpcAnswers.Raw raw) {
    String status = raw.fields().get("grpc-status");
    if (status == null || !status.matches("\\d{1,2}")) {
      return new Answer.Unanswered("answered HTTP " + raw.httpStatus() + ", which is no gRPC");
    }
    byte[] body = raw.body();
    byte[] message = new byte[0];
    if (body.length >= PREFIX && body[0] == 0) {
      int length = ByteBuffer.wrap(body, 1, 4).getInt();
      if (length >= 0 && length <= body.length - PREFIX) {
        message = java.util.Arrays.copyOfRange(body, PREFIX, PREFIX + length);
      }
    }
    return new Answer.Answered(
        Integer.parseInt(status), message, decoded(raw.fields().getOrDefault("grpc-message", "")));
  }

  /** Percent-encoded UTF-8; a sender that does it wrong is shown as it is. */
  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // A message that cannot be decoded is still a message.
      return text;
    }
  }

  private static Answer fault(Throwable cause) {
    if (cause instanceof RefusedTargetException refused) {
      return new Answer.Refused(refused.reason());
    }
    if (cause instanceof java.net.UnknownHostException) {
      return new Answer.Unanswered("its host is not known");
    }
    if (cause instanceof SSLException) {
      return new Answer.Unanswered("TLS failed (" + cause.getClass().getSimpleName() + ")");
    }
    if (cause instanceof java.net.ConnectException) {
      return new Answer.Unanswered("no connection");
    }
    return new Answer.Unanswered(
        (cause instanceof IOException ? "the connection broke (" : "the call failed (")
            + cause.getClass().getSimpleName()
            + ")");
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
  }
}
