package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.ingest.WireBody;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All about captured content, put together.
 *
 * @param ingest where it comes in
 * @param reads where it goes out
 * @param keys how its keys are rotated
 * @param days its retention
 * @param rotation null where there is no keyring
 */
public record Content(
    ContentIngestResource ingest,
    ContentResource reads,
    ContentKeysResource keys,
    ContentDays days,
    @Nullable ContentKeys rotation) {
  private static final Logger log = LoggerFactory.getLogger(Content.class);

  /**
   * As the configuration says.
   *
   * @throws IOException when the keyring cannot be used
   */
  public static Content of(
      ControlPlaneConfig config,
      Supplier<Jdbi> jdbi,
      ScopedJdbi scoped,
      WireBody bodies,
      Totals totals,
      Clock clock)
      throws IOException {
    Keyring keyring = keyring(config);
    ContentDays days = new ContentDays(jdbi, clock, config.content().retentionDays());
    ContentKeys rotation = keyring == null ? null : new ContentKeys(jdbi, keyring);
    return new Content(
        new ContentIngestResource(bodies, new ContentStore(jdbi, keyring, days, totals)),
        new ContentResource(scoped, keyring),
        new ContentKeysResource(rotation),
        days,
        rotation);
  }

  /**
   * A database that outlives this machine must not depend on a key that somebody did not know was
   * made here, so beside such a one the keyring is configured.
   */
  private static @Nullable Keyring keyring(ControlPlaneConfig config) throws IOException {
    Path file = config.content().keyring();
    if (file == null && config.database().url() != null) {
      log.info("No control_plane.content.keyring: captured content is refused");
      return null;
    }
    return Keyring.open(file == null ? config.dataDirectory().resolve(Keyring.FILE) : file);
  }

  /** Deletes what is past its time, and moves rows over to the active key. */
  public void maintain() {
    days.maintain();
    if (rotation != null) {
      rotation.rewrap();
    }
  }
}
