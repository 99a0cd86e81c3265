package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Role;
import io.llmtrace.runtime.files.PrivateFiles;
import io.llmtrace.runtime.terminal.Terminal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The first two keys of an installation, written to files of mode 0600. */
public final class FirstKeys {
  private static final Logger log = LoggerFactory.getLogger(FirstKeys.class);

  private final Path directory;

  public FirstKeys(Path directory) {
    this.directory = directory;
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
    // The file comes first: a crash in between must not leave a key nobody knows.
    String token = written(role);
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
