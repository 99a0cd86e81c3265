package io.llmtrace.cli.bench.gateway;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Processor time of what a process does once and not for each request: the JVM's compilers, and the
 * compiler of rules. Linux tells it of each thread; the JVM tells of none of these.
 */
final class CompilerTime {
  private static final Path TASKS = Path.of("/proc/self/task");

  /** A thread's name has fifteen characters there. */
  private static final Pattern COMPILER = Pattern.compile("C[12] CompilerThre.*|llmtrace-hypers.*");

  private CompilerTime() {}

  /**
   * Of threads that live now, nanoseconds; -1 where the system does not tell.
   *
   * @throws IOException if what the system tells cannot be read
   */
  static long nanos() throws IOException {
    if (!Files.isDirectory(TASKS)) {
      return -1;
    }
    long sum = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(TASKS)) {
      for (Path thread : threads) {
        sum += nanos(thread);
      }
    } catch (DirectoryIteratorException e) {
      throw new IOException("the threads of this process cannot be listed", e);
    }
    return sum;
  }

  private static long nanos(Path thread) throws IOException {
    try {
      if (!COMPILER.matcher(Files.readString(thread.resolve("comm")).strip()).matches()) {
        return 0;
      }
      // Nanoseconds on a processor, nanoseconds waiting for one, and how often.
      String schedule = Files.readString(thread.resolve("schedstat"));
      return Long.parseLong(schedule.substring(0, schedule.indexOf(' ')));
    } catch (NoSuchFileException e) {
      // Ended since it was listed: what it took is lost to us, and small.
      return 0;
    }
  }
}
