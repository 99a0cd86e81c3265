package io.llmtrace.controlplane.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A row of the audit, as lists and exports show it.
 *
 * @param seq from 1, without gaps
 * @param atMicros epoch microseconds
 * @param actor such as {@code key:01J…}
 * @param tenant {@code null} where it concerns none or several
 * @param before JSON as text: its very bytes are hashed
 * @param after JSON as text
 * @param previousHash hex; 64 zeros in the first row
 * @param hash hex SHA-256, see {@link #computedHash}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record AuditEntry(
    long seq,
    long atMicros,
    String actor,
    String action,
    @Nullable String tenant,
    String target,
    String address,
    String userAgent,
    String requestId,
    @Nullable String before,
    @Nullable String after,
    String previousHash,
    String hash) {

  /** Refuses what an export cannot hold, since a row may come from a file. */
  public AuditEntry {
    for (String field :
        List.of(actor, action, target, address, userAgent, requestId, previousHash, hash)) {
      Objects.requireNonNull(field);
    }
  }

  /** Before the first row. */
  public static final String START = "0".repeat(64);

  /**
   * What {@link #hash} must be: SHA-256 over the 32 bytes of {@link #previousHash} and the UTF-8
   * bytes of the fields from {@code seq} to {@code after}, each as its length in bytes, a colon and
   * itself, or a dash where it is null. The database's function {@code llmtrace_audit} does the
   * same.
   *
   * @throws IllegalArgumentException when {@link #previousHash} is no hex
   */
  public String computedHash() {
    StringBuilder canonical = new StringBuilder();
    for (@Nullable String field :
        Arrays.<@Nullable String>asList(
            Long.toString(seq),
            Long.toString(atMicros),
            actor,
            action,
            tenant,
            target,
            address,
            userAgent,
            requestId,
            before,
            after)) {
      if (field == null) {
        canonical.append('-');
      } else {
        canonical.append(field.getBytes(StandardCharsets.UTF_8).length).append(':').append(field);
      }
    }
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(HexFormat.of().parseHex(previousHash));
      return HexFormat.of()
          .formatHex(sha.digest(canonical.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
