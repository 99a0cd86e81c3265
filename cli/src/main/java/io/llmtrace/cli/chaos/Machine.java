package io.llmtrace.cli.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What this machine, and who has started the run, lets a fault do. Immutable. */
final class Machine {
  /** What a fault needs of the machine. */
  enum Need {
    NOTHING(""),
    /** A small file system of our own. */
    MOUNT("mounting a tmpfs, which root on Linux may"),
    /** {@code faketime}'s library. */
    FAKETIME("libfaketime (Debian: faketime)"),
    /** {@code prlimit} on a process that runs. */
    PRLIMIT("prlimit (Debian: util-linux)"),
    /** The jars of an earlier version. */
    PREVIOUS("an earlier version, by --previous");

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
  private final @Nullable Path previous;

  private Machine(boolean mounts, @Nullable Path previous) {
    this.mounts = mounts;
    this.previous = previous;
  }

  /**
   * Looks at this machine.
   *
   * @param directory in which a mount is tried
   * @param previous the jars of an earlier version, if there is one
   */
  static Machine look(Path directory, @Nullable Path previous)
      throws IOException, InterruptedException {
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
    return new Machine(mounts, previous);
  }

  boolean mounts() {
    return mounts;
  }

  /** The jars of an earlier version. */
  Optional<Path> previous() {
    return Optional.ofNullable(previous);
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
          case PREVIOUS -> previous != null;
          case PRLIMIT -> Files.isExecutable(Path.of("/usr/bin/prlimit"));
        };
    return has ? Optional.empty() : Optional.of("needs " + need.text());
  }
}
