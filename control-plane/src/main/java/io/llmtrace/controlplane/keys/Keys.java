package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.storage.StorageUnavailableException;
import io.llmtrace.runtime.files.PrivateFiles;
import io.llmtrace.runtime.terminal.Terminal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The API keys, known by hash. Loaded once storage is ready and kept, so that none waits. */
public final class Keys {
  private static final Logger log = LoggerFactory.getLogger(Keys.class);
  private static final SecureRandom RANDOM = new SecureRandom();

  /** What a key may do. */
  public enum Role {
    ADMIN,
    INSTANCE
  }

  /** A key without its secret. */
  public record Key(String id, Role role) {}

  private record Stored(String id, Role role, String hash) {}

  private final Path directory;
  private volatile @Nullable List<Stored> known;

  public Keys(Path directory) {
    this.directory = directory;
  }

  /** Reads the keys; where there are none makes the first two and writes them to files. */
  public void load(Jdbi jdbi) {
    known =
        jdbi.inTransaction(
            handle -> {
              handle.execute("SELECT pg_advisory_xact_lock(7366001)");
              for (Role role : Role.values()) {
                int there =
                    handle
                        .createQuery("SELECT count(*) FROM api_keys WHERE role = :role")
                        .bind("role", label(role))
                        .mapTo(Integer.class)
                        .one();
                if (there == 0) {
                  // The file comes first: a crash in between must not leave a key nobody knows.
                  handle
                      .createUpdate(
                          "INSERT INTO api_keys (id, role, hash) VALUES (:id, :role, :hash)")
                      .bind("id", "initial-" + label(role))
                      .bind("role", label(role))
                      .bind("hash", hash(first(role)))
                      .execute();
                }
              }
              return handle
                  .createQuery("SELECT id, role, hash FROM api_keys")
                  .map(
                      (row, context) ->
                          new Stored(
                              row.getString("id"),
                              Role.valueOf(row.getString("role").toUpperCase(Locale.ROOT)),
                              HexFormat.of().formatHex(row.getBytes("hash"))))
                  .list();
            });
  }

  /**
   * The key that a token belongs to.
   *
   * @throws StorageUnavailableException while the keys have not been read
   */
  public Optional<Key> find(String token) {
    List<Stored> keys = known;
    if (keys == null) {
      throw new StorageUnavailableException("starting");
    }
    byte[] hash = HexFormat.of().formatHex(hash(token)).getBytes(StandardCharsets.US_ASCII);
    Optional<Key> found = Optional.empty();
    for (Stored key : keys) {
      if (MessageDigest.isEqual(key.hash().getBytes(StandardCharsets.US_ASCII), hash)) {
        found = Optional.of(new Key(key.id(), key.role()));
      }
    }
    return found;
  }

  private String first(Role role) {
    byte[] secret = new byte[32];
    RANDOM.nextBytes(secret);
    String made = "llmtrace_" + label(role) + "_" + HexFormat.of().formatHex(secret);
    Path file = directory.resolve("initial-" + label(role) + ".key");
    try {
      String written =
          new String(
                  PrivateFiles.createOrRead(file, made.getBytes(StandardCharsets.UTF_8)),
                  StandardCharsets.UTF_8)
              .strip();
      log.info("The first {} key is in {}", label(role), file);
      if (Terminal.attached()) {
        System.out.printf("%s key: %s%n", label(role), written);
      }
      return written;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  private static String label(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  private static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
