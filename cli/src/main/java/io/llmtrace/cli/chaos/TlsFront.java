package io.llmtrace.cli.chaos;

import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import io.llmtrace.testkit.tls.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends TLS before a server, as a load balancer does, with a certificate that can run out.
 * Thread-safe.
 */
final class TlsFront implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFront.class);
  private static final int BUFFER = 16 << 10;

  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong refused = new AtomicLong();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "chaos-tls-front");
            thread.setDaemon(true);
            return thread;
          });
  private final ServerSocket listener;
  private final int target;
  private final Path authority;
  private final SSLContext valid;
  private final SSLContext expired;
  private volatile SSLContext shown;

  private TlsFront(ServerSocket listener, int target, TestAuthority authority)
      throws IOException, InterruptedException {
    this.listener = listener;
    this.target = target;
    this.authority = authority.certificate();
    this.valid = context(authority.issue("front"));
    this.expired = context(authority.issueExpired("front-last-year"));
    this.shown = valid;
  }

  /**
   * Starts one that shows a good certificate.
   *
   * @param target port of the server on loopback
   * @param folder for the authority's files
   */
  static TlsFront before(int target, Path folder) throws IOException, InterruptedException {
    ServerSocket listener = new ServerSocket();
    try {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      TlsFront front = new TlsFront(listener, target, new TestAuthority(folder));
      front.threads.execute(front::accept);
      return front;
    } catch (IOException | InterruptedException | RuntimeException e) {
      listener.close();
      throw e;
    }
  }

  private static SSLContext context(TestAuthority.Issued issued) throws IOException {
    return TlsMaterial.read(new TlsConfig(issued.certificate(), issued.privateKey(), null))
        .client();
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Who has issued both certificates. */
  Path authority() {
    return authority;
  }

  /** Handshakes that clients gave up since the last change of the certificate. */
  long refused() {
    return refused.get();
  }

  /** The certificate is one that has run out; connections end, so that it is met. */
  void expire() throws IOException {
    show(expired);
  }

  /** A good one again. */
  void renew() throws IOException {
    show(valid);
  }

  private void show(SSLContext next) throws IOException {
    shown = next;
    refused.set(0);
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        threads.execute(() -> serve(client));
      } catch (IOException e) {
        // Closed: the loop ends.
        LOG.debug("no connection accepted", e);
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        SSLSocket secure =
            (SSLSocket)
                shown.getSocketFactory().createSocket(client, null, client.getPort(), true);
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
      secure.setUseClientMode(false);
      secure.startHandshake();
      open.add(server);
      threads.execute(() -> pump(server, secure));
      copy(secure.getInputStream(), server.getOutputStream());
    } catch (SSLException e) {
      refused.incrementAndGet();
      LOG.debug("no TLS with a client", e);
    } catch (IOException e) {
      LOG.debug("a connection ended", e);
    } finally {
      open.remove(client);
    }
  }

  private void pump(Socket server, Socket client) {
    try (server;
        client) {
      copy(server.getInputStream(), client.getOutputStream());
    } catch (IOException e) {
      LOG.debug("a connection ended", e);
    } finally {
      open.remove(server);
    }
  }

  private static void copy(InputStream from, OutputStream to) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
      to.write(buffer, 0, n);
      to.flush();
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
