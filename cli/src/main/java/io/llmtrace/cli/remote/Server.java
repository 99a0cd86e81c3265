package io.llmtrace.cli.remote;

import io.llmtrace.cli.remote.RefusedException.Exit;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;

/**
 * A server that a command asks. Redirects are not followed, so that the key goes nowhere else.
 * Thread-safe.
 */
public final class Server {
  private final HttpClient http;
  private final String base;
  private final String unreached;

  /**
   * @param base {@code http} or {@code https}, without a query
   * @param connecting how long a connection may take
   * @param unreached what is said where nothing listens
   */
  public Server(URI base, Duration connecting, Unreached unreached) {
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(connecting)
            .build();
    this.base = base.toString().replaceFirst("/+$", "");
    this.unreached = unreached.at(this.base);
  }

  /** What is said of an address at which nothing listens, and what would be right. */
  public interface Unreached {
    String at(String address);
  }

  /** The address without a slash at its end. */
  public String base() {
    return base;
  }

  /**
   * Checks an address that was given.
   *
   * @param option who gives it, for messages
   */
  public static URI address(String option, URI url, String example) throws RefusedException {
    String scheme = url.getScheme() == null ? "" : url.getScheme();
    if (!(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))
        || url.getHost() == null
        || url.getRawUserInfo() != null
        || url.getRawQuery() != null
        || url.getRawFragment() != null) {
      throw new RefusedException(Exit.WRONG, option + ": expected an address such as " + example);
    }
    return url;
  }

  /** Whether a key would go to this address over a network for all to read. */
  public static boolean isOpen(URI url) {
    if (!"http".equalsIgnoreCase(url.getScheme())) {
      return false;
    }
    try {
      return !InetAddress.getByName(url.getHost()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      // Nothing is sent to a host that is not there.
      return false;
    }
  }

  /**
   * Sends one request.
   *
   * @param request to a path below {@link #base()}, with a time-out
   */
  public HttpResponse<String> send(HttpRequest request) throws RefusedException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (HttpTimeoutException e) {
      throw new RefusedException(Exit.AWAY, base + " gave no answer in time", e);
    } catch (ConnectException e) {
      throw new RefusedException(Exit.AWAY, unreached, e);
    } catch (IOException e) {
      throw new RefusedException(
          Exit.AWAY, base + " cannot be asked: " + e.getClass().getSimpleName() + reason(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(Exit.AWAY, "interrupted while " + base + " was asked", e);
    }
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? "" : ", " + e.getMessage();
  }
}
