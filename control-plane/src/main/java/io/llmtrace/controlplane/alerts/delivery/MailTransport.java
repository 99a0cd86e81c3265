package io.llmtrace.controlplane.alerts.delivery;

import io.llmtrace.controlplane.alerts.channels.Mail;
import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.RefusedTargetException;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.ChannelConfig.Tls;
import io.llmtrace.runtime.config.Secret;
import jakarta.mail.Address;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Authenticator;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.SendFailedException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/**
 * Mails by SMTP, to checked addresses only. Where TLS is configured, nothing is said before it, and
 * the server's name is verified. Thread-safe.
 */
final class MailTransport {
  private static final int TAKEN = 250;
  private static final int AUTHENTICATION_REFUSED = 535;
  private static final String UTF_8 = StandardCharsets.UTF_8.name();

  private final AddressGuard guard;
  private final SSLContext trust;
  private final ScheduledExecutorService deadlines;
  private final long wholeMillis;

  /**
   * @param wholeMillis for one mail from the connection to the server's word that it has it
   */
  MailTransport(
      AddressGuard guard, SSLContext trust, ScheduledExecutorService deadlines, long wholeMillis) {
    this.guard = guard;
    this.trust = trust;
    this.deadlines = deadlines;
    this.wholeMillis = wholeMillis;
  }

  Reply send(Mail mail, ChannelConfig.Email server) {
    if (server.tls() == Tls.NONE && !guard.isAllowed(server.host(), server.port())) {
      return new Reply.Refused(
          "tls: none is for hosts in alerts.allow_private_targets only; expected starttls or tls");
    }
    AtomicBoolean late = new AtomicBoolean();
    // Closed at the deadline, or the socket that is open then would wait on.
    Socket[] open = {new Socket(Proxy.NO_PROXY)};
    ScheduledFuture<?> deadline =
        deadlines.schedule(
            () -> {
              late.set(true);
              synchronized (open) {
                quietly(open[0]);
              }
            },
            wholeMillis,
            TimeUnit.MILLISECONDS);
    try {
      return send(mail, server, connect(server, open, late));
    } catch (RefusedTargetException e) {
      return new Reply.Refused(e.reason());
    } catch (MessagingException | IOException e) {
      return late.get() || cause(e, SocketTimeoutException.class) != null
          ? new Reply.Unanswered("no whole answer within " + wholeMillis / 1000 + " s")
          : reply(e);
    } finally {
      deadline.cancel(false);
      synchronized (open) {
        quietly(open[0]);
      }
    }
  }

  /** A connection to the first address that takes one. */
  private Socket connect(ChannelConfig.Email server, Socket[] open, AtomicBoolean late)
      throws IOException {
    IOException last = new UnknownHostException("no address");
    for (InetSocketAddress address : guard.resolve(server.host(), server.port())) {
      Socket socket = new Socket(Proxy.NO_PROXY);
      synchronized (open) {
        open[0] = socket;
      }
      if (late.get()) {
        throw new SocketTimeoutException();
      }
      try {
        socket.connect(address, (int) (wholeMillis / 2));
        socket.setSoTimeout((int) wholeMillis);
        return server.tls() == Tls.TLS ? secured(socket, server) : socket;
      } catch (IOException e) {
        quietly(socket);
        last = e;
      }
    }
    throw last;
  }

  private Socket secured(Socket socket, ChannelConfig.Email server) throws IOException {
    SSLSocket tls =
        (SSLSocket)
            trust.getSocketFactory().createSocket(socket, server.host(), server.port(), true);
    SSLParameters parameters = tls.getSSLParameters();
    // Compares the certificate's names with the host, as HTTPS does.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    return tls;
  }

  private Reply send(Mail mail, ChannelConfig.Email server, Socket socket)
      throws MessagingException {
    Session session = session(server, socket);
    MimeMessage message = message(mail, session);
    try (SMTPTransport transport = (SMTPTransport) session.getTransport("smtp")) {
      transport.connect(socket);
      try {
        transport.sendMessage(message, message.getAllRecipients());
      } catch (SendFailedException e) {
        Address[] sent = e.getValidSentAddresses();
        if (sent == null || sent.length == 0) {
          throw e;
        }
        // Some have it: sending it again would tell them twice, and the others never.
        return new Reply.Answered(TAKEN, Map.of(), bytes("taken for " + sent.length + " of them"));
      }
      return new Reply.Answered(
          transport.getLastReturnCode(), Map.of(), bytes(transport.getLastServerResponse()));
    }
  }

  private Session session(ChannelConfig.Email server, Socket socket) {
    Properties properties = new Properties();
    properties.put("mail.smtp.auth", String.valueOf(server.user() != null));
    properties.put("mail.smtp.starttls.enable", String.valueOf(server.tls() == Tls.STARTTLS));
    properties.put("mail.smtp.starttls.required", String.valueOf(server.tls() == Tls.STARTTLS));
    properties.put("mail.smtp.ssl.checkserveridentity", "true");
    properties.put("mail.smtp.ssl.socketFactory", trust.getSocketFactory());
    properties.put("mail.smtp.timeout", String.valueOf(wholeMillis));
    properties.put("mail.smtp.quitwait", "false");
    properties.put("mail.smtp.sendpartial", "true");
    // A literal: the name of this host would be asked for otherwise.
    String local = socket.getLocalAddress().getHostAddress();
    boolean six = socket.getLocalAddress() instanceof Inet6Address;
    properties.put(
        "mail.smtp.localhost", "[" + (six ? "IPv6:" + local.replaceFirst("%.*", "") : local) + "]");
    properties.put("mail.smtp.host", server.host());
    properties.put("mail.smtp.port", String.valueOf(server.port()));
    String user = server.user();
    Secret password = server.password();
    if (user == null) {
      return Session.getInstance(properties);
    }
    properties.put("mail.smtp.user", user);
    return Session.getInstance(
        properties,
        new Authenticator() {
          @Override
          protected PasswordAuthentication getPasswordAuthentication() {
            return new PasswordAuthentication(user, password == null ? "" : password.reveal());
          }
        });
  }

  private static MimeMessage message(Mail mail, Session session) throws MessagingException {
    MimeMessage message =
        new MimeMessage(session) {
          @Override
          protected void updateMessageID() {
            // Its id is the notice's: the same mail twice is one to who reads it.
          }
        };
    message.setFrom(new InternetAddress(mail.from(), true));
    for (String to : mail.to()) {
      message.addRecipient(Message.RecipientType.TO, new InternetAddress(to, true));
    }
    message.setSubject(mail.subject(), UTF_8);
    for (Map.Entry<String, String> header : mail.headers().entrySet()) {
      String line = header.getKey() + header.getValue();
      if (line.indexOf('\r') >= 0 || line.indexOf('\n') >= 0) {
        throw new MessagingException("a header with a line break");
      }
      message.setHeader(header.getKey(), header.getValue());
    }
    MimeBodyPart text = new MimeBodyPart();
    text.setText(mail.text(), UTF_8, "plain");
    MimeBodyPart html = new MimeBodyPart();
    html.setText(mail.html(), UTF_8, "html");
    message.setContent(new MimeMultipart("alternative", text, html));
    message.saveChanges();
    return message;
  }

  private static Reply reply(Exception fault) {
    SMTPSendFailedException refused = cause(fault, SMTPSendFailedException.class);
    SMTPAddressFailedException address = cause(fault, SMTPAddressFailedException.class);
    if (address != null) {
      return new Reply.Answered(address.getReturnCode(), Map.of(), bytes("a recipient is refused"));
    }
    if (refused != null && refused.getReturnCode() >= 400) {
      return new Reply.Answered(refused.getReturnCode(), Map.of(), bytes("the mail is refused"));
    }
    if (fault instanceof AuthenticationFailedException) {
      return new Reply.Answered(
          AUTHENTICATION_REFUSED, Map.of(), bytes("user and password are refused"));
    }
    if (cause(fault, SSLException.class) != null) {
      return new Reply.Unanswered("TLS failed");
    }
    if (cause(fault, UnknownHostException.class) != null) {
      return new Reply.Unanswered("its host is not known");
    }
    if (fault instanceof IOException) {
      return new Reply.Unanswered("no connection");
    }
    return new Reply.Unanswered(
        String.valueOf(fault.getMessage()).startsWith("STARTTLS is required")
            ? "the server does not offer STARTTLS"
            : "the mail was not taken (" + fault.getClass().getSimpleName() + ")");
  }

  private static <T extends Throwable> @Nullable T cause(Throwable fault, Class<T> kind) {
    Throwable next = fault;
    for (int depth = 0; next != null && depth < 10; depth++) {
      if (kind.isInstance(next)) {
        return kind.cast(next);
      }
      next =
          next instanceof MessagingException messaging && messaging.getNextException() != null
              ? messaging.getNextException()
              : next.getCause();
    }
    return null;
  }

  private static byte[] bytes(@Nullable String text) {
    return text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
  }

  private static void quietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // What was sent was answered, or is taken as not answered.
    }
  }
}
