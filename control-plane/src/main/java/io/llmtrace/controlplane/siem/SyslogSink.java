package io.llmtrace.controlplane.siem;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.RefusedTargetException;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.SiemConfig;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Syslog (RFC 5424) over TLS with counted octets (RFC 5425), to checked addresses, the server's
 * name verified. The protocol has no acknowledgement: each batch has a connection of its own, and
 * that the server ends it without a fault is the word that it has read it.
 */
final class SyslogSink implements Sink {
  private static final Logger log = LoggerFactory.getLogger(SyslogSink.class);

  /** Log audit; see RFC 5424, 6.2.1. */
  private static final int FACILITY = 13;

  private static final int MOST_OF_A_NAME = 255;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final SiemConfig.Syslog config;
  private final AddressGuard guard;
  private final SSLContext trust;
  private final ScheduledExecutorService deadlines;
  private final String hostName;
  private final int millis;

  /**
   * @param hostName of this machine, as messages name it
   * @param deadlines ends what takes too long: a write has no time-out of its own
   * @param millis for each step of a connection; all of them have three times that
   */
  SyslogSink(
      SiemConfig.Syslog config,
      AddressGuard guard,
      SSLContext trust,
      String hostName,
      ScheduledExecutorService deadlines,
      int millis) {
    this.deadlines = deadlines;
    this.config = config;
    this.guard = guard;
    this.trust = trust;
    this.hostName = printable(hostName, MOST_OF_A_NAME);
    this.millis = millis;
  }

  @Override
  public String name() {
    return config.name();
  }

  @Override
  public void send(List<Event> events) throws FailedException {
    ScheduledFuture<?> deadline = null;
    try (Socket plain = reach()) {
      deadline = deadlines.schedule(() -> abort(plain), 3L * millis, TimeUnit.MILLISECONDS);
      write(secure(plain), events);
    } catch (RefusedTargetException e) {
      throw new FailedException(e.reason());
    } catch (UnknownHostException e) {
      throw new FailedException("its host is not known");
    } catch (SSLException e) {
      throw new FailedException("TLS failed (" + e.getClass().getSimpleName() + ")");
    } catch (IOException e) {
      throw new FailedException("the connection broke (" + e.getClass().getSimpleName() + ")");
    } finally {
      if (deadline != null) {
        deadline.cancel(false);
      }
    }
  }

  private void write(SSLSocket socket, List<Event> events) throws IOException, FailedException {
    OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
    for (Event event : events) {
      byte[] message = message(event);
      out.write((message.length + " ").getBytes(US_ASCII));
      out.write(message);
    }
    out.flush();
    end(socket);
  }

  /** The plain socket: closing TLS in order would wait for the same peer. */
  private static void abort(Socket plain) {
    try {
      plain.close();
    } catch (IOException e) {
      log.debug("A connection that took too long was not closed", e);
    }
  }

  /** Says that this was all, and waits until the server has read it. */
  private static void end(SSLSocket socket) throws IOException, FailedException {
    socket.shutdownOutput();
    InputStream in = socket.getInputStream();
    try {
      byte[] unused = in.readNBytes(1 << 10);
    } catch (SocketTimeoutException e) {
      // What was written may be in buffers alone: better twice than not at all.
      throw new FailedException("it did not end the connection, so it may not have read it all");
    }
  }

  /** To the first address that answers; a name with several is rare among receivers of syslog. */
  private Socket reach() throws IOException {
    IOException last = new UnknownHostException("no address");
    for (InetSocketAddress address : guard.resolve(config.host(), config.port())) {
      Socket socket = new Socket(Proxy.NO_PROXY);
      try {
        socket.connect(address, millis);
        socket.setSoTimeout(millis);
        return socket;
      } catch (IOException e) {
        socket.close();
        last = e;
      }
    }
    throw last;
  }

  private SSLSocket secure(Socket plain) throws IOException {
    SSLSocket tls =
        (SSLSocket)
            trust.getSocketFactory().createSocket(plain, config.host(), config.port(), true);
    SSLParameters parameters = tls.getSSLParameters();
    // Compares the certificate's names with the host, as HTTPS does.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    return tls;
  }

  /** JSON of ASCII alone needs no byte order mark, which parsers of JSON would stumble over. */
  private byte[] message(Event event) {
    return ("<"
            + (FACILITY * 8 + severity(event.severity()))
            + ">1 "
            + TIME.format(Instant.ofEpochMilli(event.at()))
            + " "
            + hostName
            + " llmtrace - "
            + printable(event.type(), 32)
            + " - "
            + event.json())
        .getBytes(US_ASCII);
  }

  private static int severity(Severity severity) {
    return switch (severity) {
      case CRITICAL -> 2;
      case HIGH -> 3;
      case MEDIUM -> 4;
      case LOW -> 5;
      case INFO -> 6;
    };
  }

  private static String printable(String text, int most) {
    String plain = text.replaceAll("[^!-~]", "_");
    String cut = plain.length() > most ? plain.substring(0, most) : plain;
    return cut.isEmpty() ? "-" : cut;
  }

  @Override
  public void close() {
    // Nothing is open between batches.
  }
}
