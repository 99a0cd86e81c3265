package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Role;
import io.llmtrace.runtime.config.FirstKeysConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.files.PrivateFiles;
import io.llmtrace.runtime.terminal.Terminal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first two keys of an installation: those that the configuration names, else made and written
 * to files of mode 0600. Only a role that never had a key gets one, so what is configured is read
 * once and a key that was revoked does not come back.
 */
public final class FirstKeys {
  private static final Logger log = LoggerFactory.getLogger(FirstKeys.class);

  private final Path directory;
  private final FirstKeysConfig configured;

  /**
   * @throws IllegalArgumentException when a configured key has not the form of one
   */
  public FirstKeys(Path directory, FirstKeysConfig configured) {
    this.directory = directory;
    this.configured = configured;
    check("admin", configured.admin());
    check("instance", configured.instance());
  }

  private static void check(String role, @Nullable Secret key) {
    if (key != null && !KeyToken.isOne(key.reveal())) {
      throw new IllegalArgumentException(
          "control_plane.first_keys."
              + role
              + ": expected llmt_, eight of a-z and 0-9, _ and 64 hexadecimal digits");
    }
  }

  /** Makes a key of each role that never had one; of several replicas one does. */
  public void makeWhereMissing(Jdbi jdbi) {
    jdbi.useTransaction(
        handle -> {
          handle.execute("SELECT pg_advisory_xact_lock(7366001)");
          for (Role role : List.of(Role.ADMIN, Role.INSTANCE)) {
            boolean there =
                handle
                    .createQuery("SELECT EXISTS (SELECT 1 FROM api_keys WHERE role = :role)")
                    .bind("role", role.label())
                    .mapTo(Boolean.class)
                    .one();
            if (!there) {
              make(handle, role);
            }
          }
        });
  }

  private void make(Handle handle, Role role) {
    Secret given = role == Role.ADMIN ? configured.admin() : configured.instance();
    // The file comes first: a crash in between must not leave a key nobody knows.
    String token = given == null ? written(role) : given.reveal();
    byte[] salt = KeyToken.isOld(token) ? new byte[0] : KeyToken.salt();
    String id = "initial-" + role.label();
    handle
        .createUpdate(
            "INSERT INTO api_keys (id, name, role, prefix, salt, hash, lineage)"
                + " VALUES (:id, :id, :role, :prefix, :salt, :hash, :id)")
        .bind("id", id)
        .bind("role", role.label())
        .bind("prefix", KeyToken.prefix(token).orElse(null))
        .bind("salt", salt)
        .bind("hash", KeyToken.hash(salt, token))
        .execute();
  }

  private String written(Role role) {
    Path file = directory.resolve("initial-" + role.label() + ".key");
    try {
      String token =
          new String(
                  PrivateFiles.createOrRead(
                      file, KeyToken.random().getBytes(StandardCharsets.UTF_8)),
                  StandardCharsets.UTF_8)
              .strip();
      if (!KeyToken.isOne(token)) {
        throw new IOException("expected a key in it; remove the file to have one made");
      }
      log.info("The first {} key is in {}", role.label(), file);
      if (Terminal.attached()) {
        System.out.printf("%s key: %s%n", role.label(), token);
      }
      return token;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use " + file, e);
    }
  }
}
