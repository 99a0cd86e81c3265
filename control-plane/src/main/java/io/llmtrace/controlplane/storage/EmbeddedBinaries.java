package io.llmtrace.controlplane.storage;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the embedded PostgreSQL's programs are unpacked to. Whoever may write there runs programs
 * as the user of this process, so it lies in a folder that nobody else may enter: the library's own
 * default, a folder of everybody's in the directory for temporary files, is not used. Stateless.
 */
final class EmbeddedBinaries {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedBinaries.class);

  private EmbeddedBinaries() {}

  /**
   * A folder in the user's cache, so that each version is unpacked once; where there is no cache, a
   * folder beside the data.
   *
   * @param data the database's directory, absolute
   * @throws IOException when neither can be made, or others may enter both
   */
  static Path folder(Path data) throws IOException {
    return folder(data, System.getenv(), System.getProperty("user.home", ""));
  }

  static Path folder(Path data, Map<String, String> environment, String home) throws IOException {
    List<Path> places = new ArrayList<>();
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (Path.of(cache).isAbsolute()) {
      places.add(Path.of(cache, "llmtrace"));
    } else if (Path.of(home).isAbsolute()) {
      places.add(Path.of(home, ".cache", "llmtrace"));
    }
    places.add(data.resolveSibling("postgresql-programs"));
    IOException last = null;
    for (Path place : places) {
      try {
        return usable(place);
      } catch (IOException e) {
        log.debug("Programs are not unpacked to {}", place, e);
        last = e;
      }
    }
    throw new IOException("no place for the programs of PostgreSQL: tried " + places, last);
  }

  private static Path usable(Path place) throws IOException {
    PrivateFiles.createDirectories(place);
    if (PrivateFiles.owner(place) != PrivateFiles.writer(place)) {
      throw new IOException(place + " is another user's");
    }
    Files.setPosixFilePermissions(
        place,
        Set.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_EXECUTE));
    // The library makes the folder that it is given writable to everybody: one more level.
    return place.resolve("postgresql");
  }
}
