package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A receiver of webhooks at {@link #url()} that does what Standard Webhooks asks of one: it checks
 * the signature over {@code id.timestamp.body} and that the time is within five minutes. Where it
 * is given a JSON Schema, bodies are checked against that.
 */
public final class WebhookSink extends HttpSink {
  private static final long TOLERANCE_SECONDS = 300;

  private final Optional<Schema> schema;
  private final Optional<byte[]> key;

  private WebhookSink(Optional<Schema> schema, Optional<byte[]> key) throws IOException {
    super("webhook-sink");
    this.schema = schema;
    this.key = key;
  }

  /** One that takes any JSON, signed or not. */
  public static WebhookSink start() throws IOException {
    return new WebhookSink(Optional.empty(), Optional.empty());
  }

  /**
   * One that is particular.
   *
   * @param schema of bodies, or empty for any JSON
   * @param key with which signatures are checked, or empty where none are
   */
  public static WebhookSink start(Optional<String> schema, Optional<byte[]> key)
      throws IOException {
    return new WebhookSink(schema.map(Schema::of), key);
  }

  public URI url() {
    return uri("/hook");
  }

  @Override
  List<String> problems(Request request) {
    List<String> problems = new ArrayList<>();
    schema.ifPresent(made -> problems.addAll(made.problems(request.body().toString())));
    String id = request.headers().getOrDefault("webhook-id", "");
    String time = request.headers().getOrDefault("webhook-timestamp", "");
    if (id.isEmpty()) {
      problems.add("no webhook-id");
    }
    if (!time.matches("\\d{1,12}")
        || Math.abs(Instant.now().getEpochSecond() - Long.parseLong(time)) > TOLERANCE_SECONDS) {
      problems.add("webhook-timestamp " + time + " is not of now");
    }
    key.ifPresent(
        made -> {
          if (!signed(request, id + "." + time + ".", made)) {
            problems.add("no signature is right");
          }
        });
    return problems;
  }

  private static boolean signed(Request request, String before, byte[] key) {
    byte[] right;
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(before.getBytes(UTF_8));
      right = mac.doFinal(request.raw());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
    String expected = "v1," + Base64.getEncoder().encodeToString(right);
    for (String one : request.headers().getOrDefault("webhook-signature", "").split(" ", -1)) {
      if (MessageDigest.isEqual(one.getBytes(UTF_8), expected.getBytes(UTF_8))) {
        return true;
      }
    }
    return false;
  }

  @Override
  Identity identity(Request request) {
    String id = request.headers().getOrDefault("webhook-id", "");
    return new Identity(
        id,
        request.body().path("data").path("incident").asText(id),
        request.body().path("type").asText());
  }

  @Override
  Answer taken(Request request) {
    return Answer.text(200, "");
  }

  @Override
  Answer refused(List<String> problems) {
    return Answer.text(400, String.join("; ", problems));
  }
}
