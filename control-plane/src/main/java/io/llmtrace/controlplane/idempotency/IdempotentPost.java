package io.llmtrace.controlplane.idempotency;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.http.BearerToken;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.policies.json.WireJson;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Response;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A POST that is done once however often it is sent, when it carries an {@code Idempotency-Key}:
 * the answer is kept for {@value #HOURS} hours, in the transaction that did the work. Keys belong
 * to their caller.
 *
 * <p>An answer may hold a secret that is shown once, so it is kept encrypted (AES-256-GCM) under a
 * key made of what only the caller sends: the idempotency key, of which a hash is stored, and the
 * bearer key. The database alone gives neither. Immutable.
 */
public final class IdempotentPost {
  static final int HOURS = 24;

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final TypeReference<Map<String, String>> HEADERS = new TypeReference<>() {};
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;

  /**
   * What a POST made.
   *
   * @param headers such as {@code Location} and {@code ETag}
   * @param body written as JSON
   */
  public record Made(int status, Map<String, String> headers, Object body) {}

  // Never compared, and never out of this class.
  @SuppressWarnings("ArrayRecordComponent")
  private record Kept(int status, Map<String, String> headers, byte[] body, byte[] request) {}

  private final Caller caller;
  private final @Nullable String key;
  private final byte[] id;
  private final byte[] request;
  private final SecretKeySpec secret;

  private IdempotentPost(
      Caller caller, @Nullable String key, byte[] id, byte[] request, SecretKeySpec secret) {
    this.caller = caller;
    this.key = key;
    this.id = id;
    this.request = request;
    this.secret = secret;
  }

  /**
   * The POST of a request.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 for a key that is none
   */
  public static IdempotentPost of(ContainerRequestContext context, JsonBody body) {
    Caller caller = Caller.of(context);
    String key = context.getHeaderString("Idempotency-Key");
    if (key != null && !key.matches("[\\x21-\\x7e]{16,128}")) {
      throw Problem.of(
          400,
          "Idempotency-Key: expected 16 to 128 visible characters that nobody guesses, such as a"
              + " random UUID");
    }
    String given = key == null ? "" : key;
    // Tokens of an identity provider change from hour to hour, so they cannot open what is kept.
    String bearer =
        caller.kind() == Caller.Kind.KEY
            ? BearerToken.of(context.getHeaderString("Authorization")).orElse("")
            : "";
    return new IdempotentPost(
        caller,
        key,
        hash(caller.actor().getBytes(UTF_8), given.getBytes(UTF_8)),
        hash(
            (context.getMethod() + " " + context.getUriInfo().getRequestUri().getPath())
                .getBytes(UTF_8),
            body.bytes()),
        new SecretKeySpec(mac(given, caller.actor() + "\n" + bearer), "AES"));
  }

  /**
   * Does the work, or gives the answer that was kept of it.
   *
   * @param handle in a transaction, in which the work is done too
   * @throws jakarta.ws.rs.WebApplicationException 409 while the first one is being done, 422 when
   *     the key came with another request before
   */
  public Response run(Handle handle, Supplier<Made> work) {
    if (key == null) {
      Made made = work.get();
      return answer(made.status(), made.headers(), json(made.body()));
    }
    // Of two at once one works and the other is told so, rather than waiting on a connection.
    boolean first =
        handle
            .createQuery("SELECT pg_try_advisory_xact_lock(:lock)")
            .bind("lock", ByteBuffer.wrap(id).getLong())
            .mapTo(Boolean.class)
            .one();
    if (!first) {
      throw new jakarta.ws.rs.WebApplicationException(
          Problem.builder(409, "a request with this Idempotency-Key is being done")
              .header("Retry-After", "1")
              .build());
    }
    Optional<Kept> kept = kept(handle);
    if (kept.isPresent()) {
      return replay(kept.get());
    }
    Made made = work.get();
    byte[] body = json(made.body());
    handle.execute("DELETE FROM idempotency WHERE id = ?", id);
    handle
        .createUpdate(
            "INSERT INTO idempotency (id, caller, request_hash, status, headers, body)"
                + " VALUES (:id, :caller, :request, :status, CAST(:headers AS jsonb), :body)")
        .bind("id", id)
        .bind("caller", caller.actor())
        .bind("request", request)
        .bind("status", made.status())
        .bind("headers", new String(json(made.headers()), UTF_8))
        .bind("body", encrypted(body))
        .execute();
    return answer(made.status(), made.headers(), body);
  }

  private Optional<Kept> kept(Handle handle) {
    return handle
        .createQuery(
            "SELECT status, headers::text AS headers, body, request_hash FROM idempotency"
                + " WHERE id = :id AND created_at > now() - make_interval(hours => :hours)")
        .bind("id", id)
        .bind("hours", HOURS)
        .map(
            (row, context) ->
                new Kept(
                    row.getInt("status"),
                    headers(row.getString("headers")),
                    row.getBytes("body"),
                    row.getBytes("request_hash")))
        .findOne();
  }

  private Response replay(Kept kept) {
    if (!MessageDigest.isEqual(kept.request(), request)) {
      throw Problem.of(422, "this Idempotency-Key came with another request before");
    }
    return Response.fromResponse(answer(kept.status(), kept.headers(), decrypted(kept.body())))
        .header("Idempotency-Replayed", "true")
        .build();
  }

  private static Response answer(int status, Map<String, String> headers, byte[] body) {
    Response.ResponseBuilder answer = Response.status(status).type("application/json").entity(body);
    headers.forEach(answer::header);
    return answer.build();
  }

  private byte[] encrypted(byte[] plain) {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce, plain);
    return ByteBuffer.allocate(NONCE + sealed.length).put(nonce).put(sealed).array();
  }

  private byte[] decrypted(byte[] sealed) {
    return cipher(
        Cipher.DECRYPT_MODE,
        Arrays.copyOf(sealed, NONCE),
        Arrays.copyOfRange(sealed, NONCE, sealed.length));
  }

  private byte[] cipher(int mode, byte[] nonce, byte[] text) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, secret, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(id);
      return cipher.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a kept answer cannot be sealed or opened", e);
    }
  }

  private static byte[] mac(String key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(("llmtrace idempotency 1 " + key).getBytes(UTF_8), "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA-256", e);
    }
  }

  private static byte[] hash(byte[] first, byte[] second) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(first.length).array());
      sha.update(first);
      return sha.digest(second);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] json(Object value) {
    try {
      return WireJson.mapper().writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  private static Map<String, String> headers(String json) {
    try {
      return WireJson.mapper().readValue(json, HEADERS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a kept answer has no headers", e);
    }
  }
}
