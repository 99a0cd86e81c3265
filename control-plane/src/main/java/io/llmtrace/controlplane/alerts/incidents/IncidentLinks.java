package io.llmtrace.controlplane.alerts.incidents;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jdbi.v3.core.Handle;

/**
 * Links to the page of one incident, by which whoever has one may act on that incident until the
 * link ends. Signed with HMAC-SHA256; the key is in the database, so that all replicas share it.
 * Immutable and thread-safe.
 */
public final class IncidentLinks {
  /** How long a link can be used. */
  public static final Duration LASTS = Duration.ofDays(7);

  private static final int KEY_BYTES = 32;
  private static final Pattern TOKEN = Pattern.compile("([0-9]{10,12})\\.([A-Za-z0-9_-]{43})");

  private final byte[] key;

  private IncidentLinks(byte[] key) {
    this.key = key.clone();
  }

  /** With the key of this database, which is made where there is none. */
  public static IncidentLinks of(Handle handle) {
    byte[] made = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(made);
    return new IncidentLinks(
        handle
            .createQuery("SELECT link_key FROM alert_desk WHERE link_key IS NOT NULL")
            .mapTo(byte[].class)
            .findOne()
            .orElseGet(
                () ->
                    handle
                        .createQuery(
                            "UPDATE alert_desk SET link_key = coalesce(link_key, :made)"
                                + " RETURNING link_key")
                        .bind("made", made)
                        .mapTo(byte[].class)
                        .one()));
  }

  /** The address of an incident's page, with what opens it. */
  public URI page(URI base, String incident, Instant now) {
    return URI.create(strip(base) + "/alerts/" + incident + "?key=" + token(incident, now));
  }

  static String strip(URI base) {
    String text = base.toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  /** What opens an incident's page from now on until {@link #LASTS} has passed. */
  public String token(String incident, Instant now) {
    long until = now.plus(LASTS).getEpochSecond();
    return until + "." + mac(incident, until);
  }

  /** Whether a token opens this incident's page now. */
  public boolean opens(String token, String incident, Instant now) {
    Matcher parts = TOKEN.matcher(token);
    if (!parts.matches()) {
      return false;
    }
    long until = Long.parseLong(parts.group(1));
    boolean signed =
        MessageDigest.isEqual(
            mac(incident, until).getBytes(StandardCharsets.US_ASCII),
            parts.group(2).getBytes(StandardCharsets.US_ASCII));
    return signed && now.getEpochSecond() < until;
  }

  private String mac(String incident, long until) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(
              mac.doFinal(("incident:" + incident + ":" + until).getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }
}
