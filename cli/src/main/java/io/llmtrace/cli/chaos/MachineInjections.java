package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** Too little of something, and clocks that are wrong. Stateless. */
final class MachineInjections {
  private static final int STARVED_MILLIS = 80;
  private static final int FED_MILLIS = 20;

  /** Handles that stay free when they are said to be exhausted. */
  private static final int SPARE = 1;

  /** Within which libfaketime reads a clock's file again, on a slow machine. */
  private static final Duration NOTICED = Duration.ofSeconds(20);

  private MachineInjections() {}

  /** The plugin runs for a fifth of the time, in small pieces. */
  static Injection starved() {
    AtomicBoolean enough = new AtomicBoolean();
    AtomicReference<Exception> failure = new AtomicReference<>();
    return new Injection() {
      private Thread thread = new Thread();

      @Override
      public void begin(ChaosStack stack) {
        List<Long> plugin = List.of(stack.process(Part.PLUGIN).pid());
        thread =
            new Thread(
                () -> {
                  try {
                    while (!enough.get()) {
                      Signals.send("STOP", plugin);
                      Thread.sleep(STARVED_MILLIS);
                      Signals.send("CONT", plugin);
                      Thread.sleep(FED_MILLIS);
                    }
                  } catch (IOException | InterruptedException e) {
                    failure.set(e);
                  }
                },
                "chaos-starving");
        thread.start();
      }

      @Override
      public void end(ChaosStack stack) throws Exception {
        enough.set(true);
        thread.join();
        Signals.send("CONT", List.of(stack.process(Part.PLUGIN).pid()));
        if (failure.get() != null) {
          throw failure.get();
        }
      }
    };
  }

  /** The plugin can open no file and take no connection. */
  static Injection noHandles() {
    return new Injection() {
      private String before = "";

      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        long pid = stack.process(Part.PLUGIN).pid();
        before = soft(pid);
        long open;
        try (Stream<Path> handles = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
          open = handles.count();
        }
        limit(pid, Long.toString(open + SPARE));
        String now = soft(pid);
        if (!now.equals(Long.toString(open + SPARE))) {
          throw new IOException("the limit of handles is " + now);
        }
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        limit(stack.process(Part.PLUGIN).pid(), before);
      }

      private String soft(long pid) throws IOException, InterruptedException {
        return Signals.run(
                List.of(
                    "prlimit",
                    "--pid",
                    Long.toString(pid),
                    "--nofile",
                    "-o",
                    "SOFT",
                    "--noheadings"))
            .strip();
      }

      private void limit(long pid, String soft) throws IOException, InterruptedException {
        Signals.run(List.of("prlimit", "--pid", Long.toString(pid), "--nofile=" + soft + ":"));
      }
    };
  }

  /**
   * The plugin's clock steps. It runs under libfaketime for as long as the fault holds, and is
   * restarted for that: the library makes every look at the clock slow, and waits inexact.
   */
  static Injection clock(Duration step) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        set(stack, Duration.ZERO);
        Map<String, String> environment =
            Map.of(
                "LD_PRELOAD",
                Machine.faketime().orElseThrow(() -> new IOException("no libfaketime")),
                "FAKETIME_TIMESTAMP_FILE",
                file(stack).toString(),
                // Seconds for which it goes by what it read there.
                "FAKETIME_CACHE_DURATION",
                "1",
                // Durations are measured by the clock that no step moves.
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1");
        stack.process(Part.PLUGIN).close();
        Processes processes = stack.processes();
        processes.start(Part.PLUGIN, processes.usual().with(List.of(), environment));
        set(stack, step);
        await(stack, step);
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).close();
        stack.start(Part.PLUGIN);
      }

      private void set(ChaosStack stack, Duration off) throws IOException {
        Files.writeString(file(stack), "%+d\n".formatted(off.toSeconds()));
      }

      private Path file(ChaosStack stack) {
        return stack.files().directory().resolve("clock");
      }

      private void await(ChaosStack stack, Duration off) throws IOException, InterruptedException {
        long end = System.nanoTime() + NOTICED.toNanos();
        Duration wrong = Duration.ZERO;
        while (System.nanoTime() < end) {
          Thread.sleep(200);
          wrong = Duration.between(Instant.now(), stack.pluginTime());
          if (wrong.minus(off).abs().compareTo(Duration.ofMinutes(1)) < 0) {
            return;
          }
        }
        throw new IOException("the plugin's clock is " + wrong + " off, expected " + off);
      }
    };
  }
}
