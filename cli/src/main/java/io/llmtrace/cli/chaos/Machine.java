package io.llmtrace.cli.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What this machine lets a fault do. Immutable. */
final class Machine {
  /** What a fault needs of the machine. */
  enum Need {
    NOTHING(""),
    /** A small file system of our own. */
    MOUNT("mounting a tmpfs, which root on Linux may"),
    /** {@code faketime}'s library. */
    FAKETIME("libfaketime (Debian: faketime)"),
    /** {@code prlimit} on a process that runs. */
    PRLIMIT("prlimit (Debian: util-linux)");

    private final String text;

    Need(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  private static final List<String> FAKETIME =
      List.of(
          "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
          "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
          "/usr/lib64/faketime/libfaketimeMT.so.1");

  private final boolean mounts;

  private Machine(boolean mounts) {
    this.mounts = mounts;
  }

  /**
   * Looks at this machine.
   *
   * @param directory in which a mount is tried
   */
  static Machine look(Path directory) throws IOException, InterruptedException {
    Path tried = Files.createDirectories(directory.resolve("mount-tried"));
    boolean mounts;
    try {
      Signals.run(List.of("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tried.toString()));
      Signals.run(List.of("umount", tried.toString()));
      mounts = true;
    } catch (IOException e) {
      // Not root, or no such program: the faults that need it are skipped, and say why.
      mounts = false;
    }
    Files.delete(tried);
    return new Machine(mounts);
  }

  boolean mounts() {
    return mounts;
  }

  /** The library that moves the clock of a process. */
  static Optional<String> faketime() {
    return FAKETIME.stream().filter(file -> Files.exists(Path.of(file))).findFirst();
  }

  /** Why a fault is impossible here; empty when it is possible. */
  Optional<String> lacks(Need need) {
    boolean has =
        switch (need) {
          case NOTHING -> true;
          case MOUNT -> mounts;
          case FAKETIME -> faketime().isPresent();
          case PRLIMIT -> Files.isExecutable(Path.of("/usr/bin/prlimit"));
        };
    return has ? Optional.empty() : Optional.of("needs " + need.text());
  }
}
