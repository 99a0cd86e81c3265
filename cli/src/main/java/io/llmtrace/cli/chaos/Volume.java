package io.llmtrace.cli.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A directory that is a small file system of its own where this machine lets us mount one, so that
 * it can be full or read-only; a plain directory elsewhere. For one thread.
 */
final class Volume implements AutoCloseable {
  private final Path path;
  private final boolean mounted;

  private Volume(Path path, boolean mounted) {
    this.path = path;
    this.mounted = mounted;
  }

  static Volume at(Path path, int mebibytes, Machine machine)
      throws IOException, InterruptedException {
    Files.createDirectories(path);
    if (machine.mounts()) {
      Signals.run(
          List.of(
              "mount",
              "-t",
              "tmpfs",
              "-o",
              "mode=0700,size=" + mebibytes + "m",
              "tmpfs",
              path.toString()));
    }
    return new Volume(path, machine.mounts());
  }

  Path path() {
    return path;
  }

  /**
   * Lets nothing new be made in it. A second, read-only mount lies over it: a file system in which
   * somebody writes cannot be made read-only itself, and a file that is open stays writable. It is
   * made read-only elsewhere first, where nobody can begin to write in it meanwhile.
   */
  void readOnly() throws IOException, InterruptedException {
    Path side = Files.createDirectories(path.resolveSibling(path.getFileName() + "-read-only"));
    Signals.run(List.of("mount", "--bind", path.toString(), side.toString()));
    try {
      Signals.run(List.of("mount", "-o", "remount,bind,ro", side.toString()));
      Signals.run(List.of("mount", "--bind", side.toString(), path.toString()));
    } finally {
      Signals.run(List.of("umount", "-l", side.toString()));
    }
  }

  /** Takes that away again. */
  void writable() throws IOException, InterruptedException {
    Signals.run(List.of("umount", "-l", path.toString()));
  }

  /** Fills it to the last byte. */
  void fill() throws IOException {
    byte[] piece = new byte[4 << 10];
    try (var out = Files.newOutputStream(path.resolve("ballast"))) {
      while (true) {
        out.write(piece);
      }
    } catch (IOException e) {
      if (path.toFile().getUsableSpace() > piece.length) {
        throw e;
      }
    }
  }

  /** Takes away what {@link #fill} wrote. */
  void empty() throws IOException {
    Files.deleteIfExists(path.resolve("ballast"));
  }

  @Override
  public void close() throws IOException {
    if (mounted) {
      try {
        // Lazily: what still has a log open there does not keep it.
        Signals.run(List.of("umount", "-l", path.toString()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
