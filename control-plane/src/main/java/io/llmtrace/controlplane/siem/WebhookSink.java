package io.llmtrace.controlplane.siem;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.controlplane.outbound.HttpTransport;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.controlplane.outbound.Signature;
import io.llmtrace.runtime.config.SiemConfig;
import io.llmtrace.runtime.config.SiemConfig.Form;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Batches by POST, signed as alerts are. {@code webhook-id} is made of the body, so that a batch
 * that comes again has an id that was seen.
 */
final class WebhookSink implements Sink {
  private final SiemConfig.Webhook config;
  private final HttpTransport http;
  private final Clock clock;
  private final @Nullable Signature signature;

  /**
   * @throws IllegalArgumentException for a secret that cannot be one
   */
  WebhookSink(SiemConfig.Webhook config, HttpTransport http, Clock clock) {
    this.config = config;
    this.http = http;
    this.clock = clock;
    if (config.secret() != null) {
      Signature.problem(config.secret())
          .ifPresent(
              problem -> {
                throw new IllegalArgumentException("control_plane.siem.webhook." + problem);
              });
    }
    this.signature = config.secret() == null ? null : Signature.of(config.secret());
  }

  @Override
  public String name() {
    return config.name();
  }

  @Override
  public void send(List<Event> events) throws FailedException {
    boolean lines = config.form() == Form.NDJSON;
    String joined =
        events.stream().map(Event::json).collect(Collectors.joining(lines ? "\n" : ","));
    byte[] body = (lines ? joined + "\n" : "[" + joined + "]").getBytes(UTF_8);
    String id = "siem_" + digest(body);
    Map<String, String> headers =
        new HashMap<>(
            signature == null
                ? Signature.unsigned(id, clock.instant())
                : signature.headers(id, clock.instant(), body));
    headers.put("Content-Type", lines ? "application/x-ndjson" : "application/json");
    Reply reply = http.post(URI.create(config.url().reveal()), headers, body);
    if (reply instanceof Reply.Answered answered) {
      if (answered.status() < 200 || answered.status() >= 300) {
        throw new FailedException("answered " + answered.status(), answered.status() == 413);
      }
      return;
    }
    throw new FailedException(
        reply instanceof Reply.Refused refused
            ? refused.reason()
            : ((Reply.Unanswered) reply).reason());
  }

  private static String digest(byte[] body) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() {
    // The way out is not its own.
  }
}
