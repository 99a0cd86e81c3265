package io.llmtrace.controlplane.alerts.delivery;

import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.RefusedTargetException;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Says whether a channel's service could be spoken to from here, by the rules of delivery, without
 * sending anything: its addresses are checked and one is connected to. Stateless.
 */
public final class ChannelReach {
  private ChannelReach() {}

  private record Place(String scheme, String host, int port) {}

  /**
   * Why nothing could be delivered, in words without addresses or credentials; empty where a
   * connection was made.
   *
   * @param patience for each connection
   */
  public static Optional<String> problem(
      ChannelConfig channel, TransportSettings settings, Duration patience) {
    Place place;
    try {
      place = place(channel);
    } catch (IllegalArgumentException e) {
      return Optional.of("its target is no address with a host");
    }
    try (AddressGuard guard = new AddressGuard(settings, InetAddress::getAllByName)) {
      if (place.scheme().equals("http") && !guard.isAllowed(place.host(), place.port())) {
        return Optional.of(
            "its target is not https; alerts.allow_private_targets may allow that host");
      }
      return connect(guard, place, patience);
    } catch (RefusedTargetException e) {
      return Optional.of(e.reason());
    } catch (UnknownHostException e) {
      return Optional.of("its host is not known");
    }
  }

  private static Optional<String> connect(AddressGuard guard, Place place, Duration patience)
      throws UnknownHostException {
    String last = "no connection";
    for (InetSocketAddress address : guard.resolve(place.host(), place.port())) {
      try (Socket socket = new Socket(Proxy.NO_PROXY)) {
        socket.connect(address, (int) patience.toMillis());
        return Optional.empty();
      } catch (IOException e) {
        last = "no connection (" + e.getClass().getSimpleName() + ")";
      }
    }
    return Optional.of(last);
  }

  private static Place place(ChannelConfig channel) {
    if (channel instanceof ChannelConfig.Email mail) {
      return new Place("smtp", mail.host(), mail.port());
    }
    if (channel instanceof ChannelConfig.SlackApp slack) {
      return of(slack.api());
    }
    if (channel instanceof ChannelConfig.PagerDuty pager) {
      return of(pager.events());
    }
    return of(URI.create(url(channel).reveal()));
  }

  private static Secret url(ChannelConfig channel) {
    if (channel instanceof ChannelConfig.SlackWebhook slack) {
      return slack.url();
    }
    if (channel instanceof ChannelConfig.Webhook hook) {
      return hook.url();
    }
    if (channel instanceof ChannelConfig.Alertmanager manager) {
      return manager.url();
    }
    if (channel instanceof ChannelConfig.Teams teams) {
      return teams.url();
    }
    throw new IllegalArgumentException("a channel of type " + channel.type() + " has no address");
  }

  private static Place of(URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (uri.getHost() == null) {
      throw new IllegalArgumentException("no host");
    }
    int usual = scheme.equals("https") ? 443 : 80;
    return new Place(scheme, uri.getHost(), uri.getPort() >= 0 ? uri.getPort() : usual);
  }
}
