package io.llmtrace.controlplane.outbound;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.HttpHostConnectException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * POSTs by HTTP: to checked addresses only, TLS verified, no redirects, cookies, proxies or
 * retries, each on a connection of its own. Thread-safe.
 */
public final class HttpTransport implements AutoCloseable {
  private static final int MOST_BYTES = 64 << 10;

  private final AddressGuard guard;
  private final ScheduledExecutorService deadlines;
  private final long wholeMillis;
  private final CloseableHttpClient client;

  /**
   * @param wholeMillis for one call from its beginning to the end of the answer
   */
  public HttpTransport(
      AddressGuard guard, SSLContext trust, ScheduledExecutorService deadlines, long wholeMillis) {
    this.guard = guard;
    this.deadlines = deadlines;
    this.wholeMillis = wholeMillis;
    Timeout whole = Timeout.ofMilliseconds(wholeMillis);
    this.client =
        HttpClients.custom()
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setDnsResolver(guard)
                    .setTlsSocketStrategy(new DefaultClientTlsStrategy(trust))
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom()
                            .setConnectTimeout(Timeout.ofMilliseconds(wholeMillis / 2))
                            .setSocketTimeout(whole)
                            .build())
                    // Workers bound themselves; nobody is to wait here.
                    .setMaxConnTotal(10_000)
                    .setMaxConnPerRoute(10_000)
                    .build())
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setResponseTimeout(whole)
                    .setConnectionRequestTimeout(whole)
                    .setRedirectsEnabled(false)
                    .setAuthenticationEnabled(false)
                    .setProtocolUpgradeEnabled(false)
                    .build())
            // An open connection would outlive the check of its address.
            .setConnectionReuseStrategy((request, response, context) -> false)
            .setUserAgent("llmtrace")
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAutomaticRetries()
            .disableAuthCaching()
            .disableContentCompression()
            .build();
  }

  /**
   * Sends a body and reads the beginning of the answer. Never throws for what a service or a
   * network does.
   *
   * @param target may be a credential; no reason holds it
   * @param headers {@code Content-Type} among them
   * @param body not copied: not to be changed meanwhile
   */
  public Reply post(URI target, Map<String, String> headers, byte[] body) {
    Reply.Refused refused = refusal(target);
    if (refused != null) {
      return refused;
    }
    HttpPost request = new HttpPost(target);
    headers.forEach(request::setHeader);
    request.setEntity(new ByteArrayEntity(body, null));
    AtomicBoolean late = new AtomicBoolean();
    ScheduledFuture<?> deadline =
        deadlines.schedule(
            () -> {
              late.set(true);
              request.cancel();
            },
            wholeMillis,
            TimeUnit.MILLISECONDS);
    try (ClassicHttpResponse response = client.executeOpen(null, request, null)) {
      Reply reply = answer(response);
      // Closing reads the rest, however long it is; without a connection there is none.
      request.cancel();
      return reply;
    } catch (RefusedTargetException e) {
      return new Reply.Refused(e.reason());
    } catch (IOException e) {
      return new Reply.Unanswered(
          late.get() || e instanceof SocketTimeoutException
              ? "no whole answer within " + wholeMillis / 1000 + " s"
              : reason(e));
    } finally {
      deadline.cancel(false);
    }
  }

  private Reply.@Nullable Refused refusal(URI target) {
    String scheme = target.getScheme() == null ? "" : target.getScheme().toLowerCase(Locale.ROOT);
    if (target.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
      return new Reply.Refused("its target is no https address with a host");
    }
    if (target.getRawUserInfo() != null) {
      return new Reply.Refused("its target has a user in it, which is not sent");
    }
    int port = target.getPort() >= 0 ? target.getPort() : scheme.equals("https") ? 443 : 80;
    if (scheme.equals("http") && !guard.isAllowed(target.getHost(), port)) {
      return new Reply.Refused(
          "its target is not https; " + guard.allowedBy() + " may allow that host");
    }
    return null;
  }

  /** What went wrong, in words of ours: those of exceptions hold hosts and addresses. */
  private static String reason(IOException fault) {
    if (fault instanceof UnknownHostException) {
      return "its host is not known";
    }
    if (fault instanceof ConnectTimeoutException || fault instanceof HttpHostConnectException) {
      return "no connection";
    }
    if (fault instanceof SSLException) {
      return "TLS failed (" + fault.getClass().getSimpleName() + ")";
    }
    return "the connection broke (" + fault.getClass().getSimpleName() + ")";
  }

  private static Reply answer(ClassicHttpResponse response) throws IOException {
    int status = response.getCode();
    if (status >= 300 && status < 400) {
      return new Reply.Refused("answered " + status + ": redirects are not followed");
    }
    Map<String, List<String>> headers = new HashMap<>();
    for (Header header : response.getHeaders()) {
      headers
          .computeIfAbsent(header.getName().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(header.getValue() == null ? "" : header.getValue());
    }
    return new Reply.Answered(status, headers, start(response.getEntity()));
  }

  private static byte[] start(@Nullable HttpEntity entity) throws IOException {
    if (entity == null) {
      return new byte[0];
    }
    InputStream body = entity.getContent();
    return body == null ? new byte[0] : body.readNBytes(MOST_BYTES);
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
  }
}
