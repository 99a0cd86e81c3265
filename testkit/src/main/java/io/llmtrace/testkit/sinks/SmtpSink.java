package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mail server (RFC 5321) on 127.0.0.1 and a port of its own, with STARTTLS and AUTH where it is
 * given what they need. Mails are checked against RFC 5322: lines, headers that there has to be one
 * of, addresses, no line break that a header should not have. Faults are met at the end of {@code
 * DATA}. Thread-safe.
 */
public final class SmtpSink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SmtpSink.class);

  private final ServerSocket listener;
  private final Optional<SSLContext> tls;
  private final Optional<Login> login;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "smtp-sink");
            thread.setDaemon(true);
            return thread;
          });
  private final Set<Socket> open = Collections.synchronizedSet(new HashSet<>());
  private final List<ReceivedMail> received = new ArrayList<>();
  private final List<Received.Refused> refused = new ArrayList<>();
  private volatile Faults faults = Faults.none();

  /** Who may send. */
  public record Login(String user, String password) {}

  private SmtpSink(Optional<SSLContext> tls, Optional<Login> login) throws IOException {
    this.tls = tls;
    this.login = login;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  /** One without TLS that asks nobody who they are. */
  public static SmtpSink start() throws IOException {
    return new SmtpSink(Optional.empty(), Optional.empty());
  }

  /**
   * One that is particular.
   *
   * @param tls offers STARTTLS with it
   * @param login who may send, or empty for anybody
   */
  public static SmtpSink start(Optional<SSLContext> tls, Optional<Login> login) throws IOException {
    return new SmtpSink(tls, login);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** From the next mail on. */
  public void faults(Faults next) {
    faults = next;
  }

  /** All that was taken, duplicates among them. */
  public List<ReceivedMail> received() {
    synchronized (received) {
      return List.copyOf(received);
    }
  }

  /** What was refused for what it held. */
  public List<Received.Refused> refused() {
    synchronized (received) {
      return List.copyOf(refused);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        open.add(socket);
        threads.execute(() -> converse(socket));
      } catch (IOException e) {
        LOG.debug("no more connections", e);
      }
    }
  }

  private void converse(Socket socket) {
    try (socket) {
      new SmtpConversation(this, socket, tls, login).run();
    } catch (IOException e) {
      LOG.debug("a client left", e);
    } finally {
      open.remove(socket);
    }
  }

  Fault nextFault() {
    synchronized (received) {
      return faults.next();
    }
  }

  /** Keeps a mail, or says what is wrong with it. */
  List<String> take(String from, List<String> to, byte[] data, boolean answered) {
    ReceivedMail mail = ReceivedMail.of(from, to, data, answered);
    List<String> problems = mail.problems();
    synchronized (received) {
      if (problems.isEmpty()) {
        received.add(mail);
      } else {
        refused.add(new Received.Refused(from, new String(data, ISO_8859_1), problems));
      }
      received.notifyAll();
    }
    return problems;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    synchronized (open) {
      for (Socket socket : open) {
        socket.close();
      }
    }
    threads.shutdownNow();
  }
}
