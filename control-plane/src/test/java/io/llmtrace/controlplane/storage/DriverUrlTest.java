package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.Driver;

/** What the driver cannot read it quotes, with whatever is in it, in a message that is logged. */
class DriverUrlTest {
  private static final List<String> SERVERS =
      List.of(
          "",
          "//",
          "//db",
          "//db:5432",
          "//db:",
          "//db:0",
          "//db:65535",
          "//db:65536",
          "//db:x",
          "//one:1,two:2",
          "//one:1,two",
          "//[::1]:5432",
          "//[::1]",
          "//::1:5432",
          "//u@db",
          "//u:p@db",
          "//a,,b",
          "//a b");
  private static final List<String> NAMES = List.of("", "/", "/db", "/a%20b", "/a%2", "/a/b", "x");
  private static final List<String> PARAMETERS =
      List.of(
          "",
          "?",
          "?sslmode=verify-full",
          "?a",
          "?a=%41&b=%4",
          "?&&",
          "?user=u&port=5432",
          "?host=one,two",
          "?user=u");

  @TempDir Path directory;

  @Test
  void whatTheConfigurationTakesTheDriverReads() throws Exception {
    List<String> taken = new ArrayList<>();
    List<String> unreadable = new ArrayList<>();
    for (String server : SERVERS) {
      for (String name : NAMES) {
        for (String parameters : PARAMETERS) {
          String url = "jdbc:postgresql:" + server + name + parameters;
          if (isTaken(url)) {
            taken.add(url);
            if (Driver.parseURL(url, null) == null) {
              unreadable.add(url);
            }
          }
        }
      }
    }
    assertThat(unreadable).isEmpty();
    assertThat(taken)
        .contains("jdbc:postgresql://db:5432/db?sslmode=verify-full")
        .hasSizeGreaterThan(50);
  }

  private boolean isTaken(String url) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("llmtrace.yaml"),
            "control_plane: {database: {url: \"" + url + "\"}}\n");
    try {
      return ConfigFile.load(file, Map.of("HOSTNAME", "h"), ConfigFile.Role.CONTROL_PLANE)
              .controlPlane()
              .database()
              .url()
          != null;
    } catch (ConfigException e) {
      assertThat(e).hasMessageContaining("control_plane.database.url: expected");
      return false;
    }
  }
}
