package io.llmtrace.controlplane.outbound;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Gives the addresses of a host, if messages may go to all of them. What connects takes what this
 * gives and asks no one else, so that a name that answers differently the second time (DNS
 * rebinding) gains nothing. Thread-safe.
 */
public final class AddressGuard implements DnsResolver, AutoCloseable {
  /** What asks for names. */
  public interface Names {
    InetAddress[] of(String host) throws UnknownHostException;
  }

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final TransportSettings settings;
  private final Names names;

  /** The system's resolver cannot be interrupted; who waits for it can. */
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "outbound-names");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * @param names what asks for addresses, {@link InetAddress#getAllByName} but in tests
   */
  public AddressGuard(TransportSettings settings, Names names) {
    this.settings = settings;
    this.names = names;
  }

  /** Whether a target may be private and plain, by configuration. */
  public boolean isAllowed(String host, int port) {
    String name = host.toLowerCase(Locale.ROOT);
    String known = name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
    return settings.allowPrivateTargets().contains(known)
        || settings.allowPrivateTargets().contains(known + ":" + port);
  }

  /**
   * The addresses of a host, all of them checked.
   *
   * @throws RefusedTargetException when one of them is not to be spoken to
   */
  @Override
  public List<InetSocketAddress> resolve(String host, int port) throws UnknownHostException {
    List<InetSocketAddress> checked = new ArrayList<>();
    for (InetAddress address : addresses(host)) {
      check(host, port, address);
      // With the name, so that nobody has to ask for it backwards.
      checked.add(
          new InetSocketAddress(InetAddress.getByAddress(host, address.getAddress()), port));
    }
    if (checked.isEmpty()) {
      throw new UnknownHostException("no address");
    }
    return checked;
  }

  private void check(String host, int port, InetAddress address) throws RefusedTargetException {
    boolean literal = Literals.isAddress(Literals.bare(host));
    if (isAllowed(host, port)) {
      // A name that is allowed may still change hands; the machine's credentials are not for it.
      if (PublicAddress.isLinkLocal(address) && !literal) {
        throw new RefusedTargetException(
            "its host has a link-local or metadata address, to which nothing is sent by name");
      }
    } else if (!PublicAddress.is(address)) {
      throw new RefusedTargetException(
          "its host has a private, local or reserved address; "
              + settings.allowedBy()
              + " may allow that host");
    }
  }

  private InetAddress[] addresses(String host) throws UnknownHostException {
    String bare = Literals.bare(host);
    if (Literals.isDisguised(bare)) {
      throw new RefusedTargetException(
          "its host is a number in an ambiguous form; expected a name, or an address like"
              + " 192.0.2.1 or [2001:db8::1]");
    }
    if (Literals.isAddress(bare)) {
      return new InetAddress[] {Literals.parse(bare)};
    }
    Future<InetAddress[]> asked = threads.submit(() -> names.of(host));
    try {
      return asked.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new UnknownHostException("its host is not known");
    } catch (TimeoutException e) {
      asked.cancel(true);
      throw new UnknownHostException("its host is not known in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnknownHostException("interrupted");
    }
  }

  /** The key of the configuration that allows private targets. */
  public String allowedBy() {
    return settings.allowedBy();
  }

  /** Without a port nothing is known to be allowed. */
  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    return resolve(host, 0).stream().map(InetSocketAddress::getAddress).toArray(InetAddress[]::new);
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
