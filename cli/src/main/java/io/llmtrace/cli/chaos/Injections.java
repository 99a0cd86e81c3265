package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Link;
import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.testkit.faults.FaultProxy;
import io.llmtrace.testkit.faults.Weather;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Faults of processes and of the ways between them. Stateless. */
final class Injections {
  /** Within which a process that is told to end has ended, with everything answered. */
  private static final Duration DRAINED = Duration.ofSeconds(10);

  private Injections() {}

  /** {@code kill -9}; started again at the end. */
  static Injection kill(Part part) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws InterruptedException {
        stack.process(part).kill();
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.start(part);
      }
    };
  }

  /** SIGSTOP: it is there, and does nothing until SIGCONT. */
  static Injection stop(Part part) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stopped(List.of(stack.process(part).pid()));
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        Signals.send("CONT", List.of(stack.process(part).pid()));
      }
    };
  }

  /** Stops processes and makes sure that they are, where /proc says so. */
  static void stopped(List<Long> processes) throws IOException, InterruptedException {
    Signals.send("STOP", processes);
    Path state = Path.of("/proc", Long.toString(processes.get(0)), "stat");
    if (Files.exists(state)) {
      Thread.sleep(20);
      String stat = Files.readString(state);
      if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
        throw new IOException("process " + processes.get(0) + " is not stopped: " + stat);
      }
    }
  }

  /** SIGTERM, as an operator restarts a process; started again at once. */
  static Injection restart(Part part) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        long start = System.nanoTime();
        stack.process(part).close();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        stack.start(part);
        if (took.compareTo(DRAINED) > 0) {
          throw new IOException(
              "the %s took %d ms to end, expected at most %d"
                  .formatted(part.label(), took.toMillis(), DRAINED.toMillis()));
        }
      }

      @Override
      public void end(ChaosStack stack) {
        // It has been back since it began.
      }
    };
  }

  /** Restarts a process with other options for as long as the fault holds. */
  static Injection startedWith(Part part, List<String> options) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(part).close();
        Processes processes = stack.processes();
        processes.start(part, processes.usual().with(options, Map.of()));
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        ChildProcess process = stack.process(part);
        if (!process.alive()) {
          throw new IOException(
              "the " + part.label() + " " + process.ending() + "; it wrote:\n" + process.tail());
        }
        process.close();
        stack.start(part);
      }
    };
  }

  /** Weather on the way between two processes. */
  static Injection network(Link link, Weather weather) {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        stack.link(link).set(weather);
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        FaultProxy proxy = stack.link(link);
        long met = proxy.met();
        proxy.set(Weather.pass());
        if (met == 0) {
          throw new IOException("nothing met " + weather + " on the way " + link);
        }
      }
    };
  }

  /** The control plane's name resolves no more, and its connections are gone. */
  static Injection noNames() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        stack.names(false);
        stack.link(Link.CONTROL_PLANE).set(new Weather.Reset());
        stack.link(Link.CONTROL_PLANE).set(Weather.pass());
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        String problems = stack.pluginHealth().path("problems").toString();
        stack.names(true);
        if (!problems.contains("not reachable")) {
          throw new IOException("the plugin does not say that it cannot reach it: " + problems);
        }
      }
    };
  }
}
