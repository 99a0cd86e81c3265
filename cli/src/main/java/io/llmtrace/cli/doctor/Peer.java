package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Asks HTTP services. An answer must be whole within its time, however slowly it comes; redirects
 * are not followed, so that keys go nowhere else. Stateless.
 */
final class Peer {
  private static final int LONGEST_BODY = 8 << 20;

  /** Why there was no answer. */
  enum Silence {
    /** Nobody listens. */
    REFUSED,
    /** No whole answer in time. */
    TIMEOUT,
    UNKNOWN_HOST,
    /** The certificate, or the handshake. */
    TLS,
    /** Own files of TLS cannot be used, so that nothing was asked. */
    FILES,
    /** What came is no HTTP, or was too long. */
    BROKEN
  }

  /** There was no answer; the message says why in words for people. */
  static final class SilentException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Silence silence;

    SilentException(Silence silence, String message, @Nullable Throwable cause) {
      super(message, cause);
      this.silence = silence;
    }

    Silence silence() {
      return silence;
    }
  }

  /** A whole answer. */
  record Answer(int status, HttpHeaders headers, String body) {
    /** The body as JSON; a missing node where it is none. */
    JsonNode json() {
      try {
        JsonNode json = WireJson.mapper().readTree(body);
        return json == null ? MissingNode.getInstance() : json;
      } catch (JsonProcessingException e) {
        return MissingNode.getInstance();
      }
    }
  }

  private Peer() {}

  /** Asks the control plane by GET, as {@link #get(Trust, URI, Map, Duration)} does. */
  static Answer controlPlane(Deployment deployment, String path, Map<String, String> headers)
      throws SilentException, InterruptedException {
    return get(
        deployment.controlPlaneTrust(),
        at(deployment.controlPlane(), path),
        headers,
        deployment.patience());
  }

  /** Asks by GET with what Java trusts, as {@link #get(Trust, URI, Map, Duration)} does. */
  static Answer get(URI uri, Map<String, String> headers, Duration patience)
      throws SilentException, InterruptedException {
    return get(Trust.ofJava(), uri, headers, patience);
  }

  /**
   * Asks by GET.
   *
   * @param headers by name
   * @param patience for all of it
   */
  static Answer get(Trust trust, URI uri, Map<String, String> headers, Duration patience)
      throws SilentException, InterruptedException {
    HttpClient client;
    try {
      client = trust.client();
    } catch (IOException e) {
      throw new SilentException(
          Silence.FILES, "cannot be asked by TLS (" + e.getMessage() + ")", e);
    }
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(patience);
    headers.forEach(request::header);
    CompletableFuture<HttpResponse<InputStream>> head =
        client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    CompletableFuture<Answer> whole = head.thenApplyAsync(Peer::read);
    try {
      return whole.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      head.cancel(true);
      throw new SilentException(
          Silence.TIMEOUT, "gave no whole answer within " + seconds(patience), e);
    } catch (ExecutionException e) {
      throw silent(e, patience);
    }
  }

  private static Answer read(HttpResponse<InputStream> response) {
    try (InputStream body = response.body()) {
      byte[] bytes = body.readNBytes(LONGEST_BODY + 1);
      if (bytes.length > LONGEST_BODY) {
        throw new java.io.UncheckedIOException(
            new IOException("more than " + LONGEST_BODY + " bytes"));
      }
      return new Answer(
          response.statusCode(), response.headers(), new String(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static SilentException silent(ExecutionException failed, Duration patience) {
    for (Throwable cause = failed.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return new SilentException(Silence.UNKNOWN_HOST, "has a host that is not known", failed);
      }
      if (cause instanceof SSLException) {
        return new SilentException(
            Silence.TLS, "cannot be trusted by TLS (" + cause.getMessage() + ")", failed);
      }
      if (cause instanceof java.net.http.HttpTimeoutException) {
        return new SilentException(
            Silence.TIMEOUT, "gave no answer within " + seconds(patience), failed);
      }
    }
    if (failed.getCause() instanceof ConnectException) {
      return new SilentException(Silence.REFUSED, "refuses connections", failed);
    }
    return new SilentException(
        Silence.BROKEN, "gave no answer in HTTP (" + failed.getCause() + ")", failed);
  }

  private static String seconds(Duration patience) {
    return patience.toMillis() / 1000.0 + " s";
  }

  /** An address below another one. */
  static URI at(URI base, String path) {
    return URI.create(base.toString().replaceFirst("/+$", "") + path);
  }
}
