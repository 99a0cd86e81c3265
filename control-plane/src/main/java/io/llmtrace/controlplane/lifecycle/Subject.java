package io.llmtrace.controlplane.lifecycle;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.policies.wire.InspectionRecord;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Whom data is about.
 *
 * @param kind the name of an exchange that says so
 * @param name as exchanges carry it
 */
record Subject(String tenant, Kind kind, String name) {
  static final int LONGEST = 200;
  static final String EXPECTED = "a text of 1 to " + LONGEST + " characters without control codes";

  /** What stands in sums where the subject stood. */
  static final String ERASED = "erased";

  /** Names of an exchange that can stand for a person. */
  enum Kind {
    /** The gateway's consumer. */
    CONSUMER,
    /** The agent: a name or the hash of a key, as plugin.identity is set. */
    AGENT;

    /** Also the column of exchanges, the field of records, and the dimension of sums. */
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Kind of(String label) {
      return valueOf(label.toUpperCase(Locale.ROOT));
    }
  }

  boolean isOf(InspectionRecord record) {
    return tenant.equals(record.tenant())
        && name.equals(
            switch (kind) {
              case CONSUMER -> record.consumer();
              case AGENT -> record.agent();
            });
  }

  static boolean isName(String text) {
    return !text.isBlank()
        && text.length() <= LONGEST
        && text.chars().noneMatch(Character::isISOControl);
  }

  /** SHA-256 of a name in UTF-8, as 64 hex digits. */
  static String sha256(String name) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(name.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** A log must not keep what was erased. */
  @Override
  public String toString() {
    return kind.label() + " " + sha256(name) + " of " + tenant;
  }
}
