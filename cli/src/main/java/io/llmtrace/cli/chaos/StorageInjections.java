package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Link;
import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.testkit.faults.Weather;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** Faults of disks and of what is on them. Stateless. */
final class StorageInjections {
  private StorageInjections() {}

  /** The spool's file system has no byte left. */
  static Injection spoolFull() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        stack.spool().fill();
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        stack.spool().empty();
      }
    };
  }

  /** No file can be made in the spool. */
  static Injection spoolReadOnly() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.spool().readOnly();
        Path probe = held(stack.spool().path()).resolve("probe");
        try {
          Files.createFile(probe);
        } catch (IOException e) {
          // As it should be.
          return;
        }
        Files.delete(probe);
        throw new IOException("a file could be made in " + probe.getParent());
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.spool().writable();
      }
    };
  }

  /** The directory of the plugin's spool is not where it was, as when a volume is lost. */
  static Injection spoolGone() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        Path place = held(stack.spool().path());
        Files.move(place, away(place), StandardCopyOption.ATOMIC_MOVE);
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        try (Stream<Path> entries = Files.list(stack.spool().path())) {
          for (Path entry : entries.toList()) {
            String name = String.valueOf(entry.getFileName());
            if (name.startsWith("away-")) {
              Files.move(
                  entry,
                  entry.resolveSibling(name.substring("away-".length())),
                  StandardCopyOption.ATOMIC_MOVE);
            }
          }
        }
      }

      /**
       * What was not there when it was to be sent is told to be lost. It is here again, and the
       * next process would send it.
       */
      @Override
      public void after(ChaosStack stack) throws IOException {
        try (Stream<Path> files = Files.list(held(stack.spool().path()))) {
          for (Path file : files.toList()) {
            if (String.valueOf(file.getFileName()).endsWith(".batch")) {
              Files.delete(file);
            }
          }
        }
      }

      private Path away(Path place) {
        return place.resolveSibling("away-" + place.getFileName());
      }
    };
  }

  /** The spool of the process that runs: the newest. */
  private static Path held(Path spool) throws IOException {
    try (Stream<Path> entries = Files.list(spool)) {
      return entries
          .filter(Files::isDirectory)
          .max(Path::compareTo)
          .orElseThrow(() -> new IOException("no spool in " + spool));
    }
  }

  /** A dead process leaves a batch in which a byte is another one. */
  static Injection spoolCorrupt() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        // So that there is something to damage.
        stack.link(Link.CONTROL_PLANE).set(new Weather.Refuse());
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).kill();
        Path largest = null;
        try (Stream<Path> files = Files.list(held(stack.spool().path()))) {
          for (Path file : files.toList()) {
            boolean batch = String.valueOf(file.getFileName()).endsWith(".batch");
            if (batch && (largest == null || Files.size(file) > Files.size(largest))) {
              largest = file;
            }
          }
        }
        if (largest == null) {
          throw new IOException("the spool holds no batch to damage");
        }
        damage(largest);
        stack.link(Link.CONTROL_PLANE).set(Weather.pass());
        stack.start(Part.PLUGIN);
      }
    };
  }

  /** A file of the plugin's data is damaged while it is away. */
  static Injection damaged(String name) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).kill();
        damage(stack.pluginData().resolve(name));
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.start(Part.PLUGIN);
      }

      @Override
      public void after(ChaosStack stack) throws IOException, InterruptedException {
        String problems = stack.pluginHealth().path("problems").toString();
        if (!problems.equals("[]")) {
          throw new IOException("the plugin has not got over it: " + problems);
        }
      }
    };
  }

  /** Another byte in the middle. */
  static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length == 0) {
      throw new IOException(file + " is empty: nothing to damage");
    }
    bytes[bytes.length / 2] ^= 0x55;
    Files.write(file, bytes);
  }

  /** The disk that the plugin logs to has no byte left. */
  static Injection logsFull() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).close();
        stack.processes().logTo(stack.fullLogs().path());
        stack.start(Part.PLUGIN);
        stack.fullLogs().fill();
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.processes().logTo(stack.processes().logs());
        List<Path> written;
        try (Stream<Path> files = Files.list(stack.fullLogs().path())) {
          written = files.toList();
        }
        if (stack.fullLogs().path().toFile().getUsableSpace() > 4 << 10) {
          throw new IOException("there is still room for logs beside " + written);
        }
        stack.process(Part.PLUGIN).close();
        stack.fullLogs().empty();
        stack.start(Part.PLUGIN);
      }
    };
  }
}
