package io.llmtrace.testkit.gateway;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * TLS towards upstreams: the certificate must come from a trusted authority and be for the name
 * that was asked for. Thread-safe.
 */
final class UpstreamTls {
  /** What a failed handshake is called. */
  static final String FAILURE = "no TLS";

  private final SslContext context;

  /**
   * Whom a certificate must be for.
   *
   * @param sni whether the name is sent, so that a server of many names shows the right one
   */
  record Name(String host, boolean sni) {
    static Name asked(String host) {
      return new Name(host, true);
    }

    static Name unasked(String host) {
      return new Name(host, false);
    }
  }

  /**
   * Trusts what the JDK trusts, or the certificates of a file instead.
   *
   * @param authorities PEM
   * @throws UncheckedIOException when the file has no certificate that can be read
   */
  UpstreamTls(Optional<Path> authorities) {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .endpointIdentificationAlgorithm("HTTPS");
    try {
      authorities.ifPresent(file -> builder.trustManager(file.toFile()));
      context = builder.build();
    } catch (IllegalArgumentException e) {
      throw new UncheckedIOException(
          new IOException(
              authorities.map(Path::toString).orElse("") + ": expected certificates in PEM form",
              e));
    } catch (SSLException e) {
      throw new UncheckedIOException("TLS is not to be had: " + e.getMessage(), e);
    }
  }

  /**
   * The handler of one connection.
   *
   * @param patience for the handshake; nginx bounds it by the time-out of connecting
   */
  SslHandler handler(
      ByteBufAllocator buffers, Name name, Upstream.Address node, Duration patience) {
    SslHandler handler = context.newHandler(buffers, name.host(), node.port());
    if (!name.sni()) {
      SSLParameters parameters = handler.engine().getSSLParameters();
      parameters.setServerNames(List.of());
      handler.engine().setSSLParameters(parameters);
    }
    handler.setHandshakeTimeout(patience.toMillis(), TimeUnit.MILLISECONDS);
    return handler;
  }

  /** The innermost message: the outer ones say only that something is wrong with the handshake. */
  static String reason(Throwable failure, Name name) {
    Throwable inner = failure;
    boolean certificate = false;
    while (inner.getCause() != null && inner.getCause() != inner) {
      inner = inner.getCause();
      certificate |= inner instanceof CertificateException;
    }
    String message = String.valueOf(inner.getMessage());
    return certificate ? "the server is not shown to be " + name.host() + ": " + message : message;
  }
}
