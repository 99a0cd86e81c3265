package io.llmtrace.controlplane.alerts.delivery;

import io.llmtrace.controlplane.alerts.channels.HttpCall;
import io.llmtrace.controlplane.alerts.channels.Mail;
import io.llmtrace.controlplane.alerts.channels.Outgoing;
import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.HttpTransport;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.runtime.config.ChannelConfig;
import java.net.InetAddress;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SSLContext;

/** The two ways out, with the same guard. Thread-safe. */
final class Transport implements AutoCloseable {
  /** What carries a message. Never throws for what a service or a network does. */
  interface Carrier {
    Reply carry(Outgoing message, ChannelConfig channel);
  }

  static final long WHOLE_MILLIS = 10_000;

  private final AddressGuard guard;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "alert-deadlines");
            thread.setDaemon(true);
            return thread;
          });
  private final HttpTransport http;
  private final MailTransport mail;

  Transport(TransportSettings settings) {
    this(settings, InetAddress::getAllByName, systemTrust(), WHOLE_MILLIS);
  }

  Transport(
      TransportSettings settings, AddressGuard.Names names, SSLContext trust, long wholeMillis) {
    this.guard = new AddressGuard(settings, names);
    this.http = new HttpTransport(guard, trust, deadlines, wholeMillis);
    this.mail = new MailTransport(guard, trust, deadlines, wholeMillis);
  }

  Reply carry(Outgoing message, ChannelConfig channel) {
    if (message instanceof HttpCall call) {
      return http.post(call.target(), call.headers(), call.body());
    }
    return message instanceof Mail letter && channel instanceof ChannelConfig.Email server
        ? mail.send(letter, server)
        : new Reply.Refused("its channel has no server for mail");
  }

  private static SSLContext systemTrust() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no TLS", e);
    }
  }

  @Override
  public void close() {
    http.close();
    deadlines.shutdownNow();
    guard.close();
  }
}
