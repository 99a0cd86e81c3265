package io.llmtrace.plugin.identity;

import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Decision ids that a client cannot forge: {@code x-llmtrace-id} is the ULID, a dot, and the first
 * 64 bits of its HMAC-SHA256 in lower-case hex. 64 bits are enough because a guess has to be made
 * online, against the tap, one request at a time. Thread-safe.
 */
public final class DecisionIds {
  /** The header on the request upstream and on every answer of ours, in lower case. */
  public static final String HEADER = "x-llmtrace-id";

  private static final String KEY_FILE = "decision-id.key";
  private static final String ALGORITHM = "HmacSHA256";
  private static final int KEY_BYTES = 32;
  private static final int MAC_BYTES = 8;
  private static final int HEADER_LENGTH = Ulid.LENGTH + 1 + 2 * MAC_BYTES;

  private final Ulid ulids = new Ulid();
  // Finding and keying one takes longer than the hash; one that has ended is as new.
  private final ThreadLocal<Mac> macs;

  private DecisionIds(byte[] key) {
    SecretKeySpec secret = new SecretKeySpec(key, ALGORITHM);
    this.macs = ThreadLocal.withInitial(() -> keyed(secret));
  }

  /**
   * Opens the key in {@code dataDirectory}, and makes it (mode 0600) where there is none. Of
   * several processes that start at once, one makes the key and all use it.
   *
   * @throws IOException if the key can be neither read nor made, or is no key
   */
  public static DecisionIds open(Path dataDirectory) throws IOException {
    PrivateFiles.createDirectories(dataDirectory);
    Path file = dataDirectory.resolve(KEY_FILE);
    if (!Files.exists(file)) {
      create(dataDirectory, file);
    }
    byte[] key = Files.readAllBytes(file);
    if (key.length != KEY_BYTES) {
      throw new IOException(
          file + ": expected a key of " + KEY_BYTES + " bytes, found " + key.length);
    }
    return new DecisionIds(key);
  }

  private static void create(Path directory, Path file) throws IOException {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    Path draft =
        Files.createTempFile(
            directory,
            KEY_FILE,
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.write(draft, key);
      // A hard link appears whole and fails if there is one already: rename would replace the key
      // of a process that was a moment faster.
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException e) {
      // The other process's key is as good as ours, and open() reads it next.
      Arrays.fill(key, (byte) 0);
    } finally {
      Files.delete(draft);
    }
  }

  /** A new ULID. */
  public String issue() {
    return ulids.next();
  }

  /** The value of {@link #HEADER} for a ULID. */
  public String header(String ulid) {
    return ulid + "." + HexFormat.of().formatHex(mac(ulid));
  }

  /** The ULID in a header that was made with this key; empty for any other text. */
  public Optional<String> verify(String header) {
    if (header.length() != HEADER_LENGTH || header.charAt(Ulid.LENGTH) != '.') {
      return Optional.empty();
    }
    String ulid = header.substring(0, Ulid.LENGTH);
    if (!Ulid.isValid(ulid)) {
      return Optional.empty();
    }
    byte[] expected = header(ulid).getBytes(StandardCharsets.US_ASCII);
    byte[] given = header.getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(expected, given) ? Optional.of(ulid) : Optional.empty();
  }

  /** A key of 32 bytes for something else, as lasting as the key of ids and not to be told from. */
  public byte[] keyFor(String purpose) {
    return whole("key for " + purpose);
  }

  private byte[] mac(String ulid) {
    return Arrays.copyOf(whole(ulid), MAC_BYTES);
  }

  private byte[] whole(String text) {
    return macs.get().doFinal(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static Mac keyed(SecretKeySpec key) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      // Every Java runtime has to have HmacSHA256.
      throw new IllegalStateException(e);
    }
  }
}
