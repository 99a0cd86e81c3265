package io.llmtrace.controlplane.outbound;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.runtime.config.Secret;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs bodies as Standard Webhooks does (github.com/standard-webhooks/standard-webhooks, {@code
 * spec/standard-webhooks.md}): {@code v1} is HMAC-SHA256 over {@code id.timestamp.body} in base64.
 * Several secrets make several signatures, so that a secret can be replaced without a gap.
 */
public final class Signature {
  private static final String ALGORITHM = "HmacSHA256";
  private static final String PREFIX = "whsec_";

  private final List<SecretKeySpec> keys;

  private Signature(List<SecretKeySpec> keys) {
    this.keys = keys;
  }

  /**
   * With a secret that {@link #problem} has nothing against: {@code whsec_} and base64, or several
   * of them with spaces between; any other text is the key itself, in UTF-8.
   */
  public static Signature of(Secret secret) {
    return new Signature(
        parts(secret.reveal()).stream()
            .map(part -> new SecretKeySpec(key(part), ALGORITHM))
            .toList());
  }

  /** What is wrong with a secret, without the secret; empty for nothing. */
  public static Optional<String> problem(Secret secret) {
    for (String part : parts(secret.reveal())) {
      try {
        if (key(part).length == 0) {
          return Optional.of("secret: is empty after whsec_; expected whsec_ and base64");
        }
      } catch (IllegalArgumentException e) {
        return Optional.of(
            "secret: begins with whsec_ and goes on with what is no base64; expected whsec_ and"
                + " base64, or a text that begins in another way");
      }
    }
    return Optional.empty();
  }

  private static List<String> parts(String secret) {
    List<String> parts = Arrays.asList(secret.strip().split("\\s+", -1));
    return parts.stream().allMatch(part -> part.startsWith(PREFIX)) ? parts : List.of(secret);
  }

  private static byte[] key(String part) {
    return part.startsWith(PREFIX)
        ? Base64.getDecoder().decode(part.substring(PREFIX.length()))
        : part.getBytes(UTF_8);
  }

  /** The value of {@code webhook-signature}. */
  public Map<String, String> headers(String id, Instant at, byte[] body) {
    Map<String, String> headers = new LinkedHashMap<>(unsigned(id, at));
    headers.put(
        "webhook-signature",
        keys.stream()
            .map(key -> "v1," + sign(key, id + "." + at.getEpochSecond() + ".", body))
            .collect(Collectors.joining(" ")));
    return headers;
  }

  /** Id and time alone. */
  public static Map<String, String> unsigned(String id, Instant at) {
    return Map.of("webhook-id", id, "webhook-timestamp", Long.toString(at.getEpochSecond()));
  }

  private static String sign(SecretKeySpec key, String before, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(before.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(mac.doFinal(body));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }
}
