package io.llmtrace.cli.doctor;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs the checks: each on a thread of its own as soon as those that it needs have ended, and none
 * longer than its time. One that does not end is a problem like any other, and left behind on a
 * daemon thread. Stateless.
 */
final class Doctor {
  private final List<Check> checks;
  private final Duration longest;

  /**
   * @param checks in the order in which they are told; what one needs stands before it
   * @param longest for one check
   */
  Doctor(List<Check> checks, Duration longest) {
    this.checks = List.copyOf(checks);
    this.longest = longest;
  }

  /** All that there are. */
  static Doctor standard(Duration longest) {
    return new Doctor(
        List.of(
            new ConfigurationCheck(),
            new SecretsCheck(),
            new JavaCheck(),
            new DiskCheck(),
            new SocketCheck(),
            new RunnerCheck(),
            new PluginCheck(),
            new GatewayCheck(),
            new RoutesCheck(),
            new ControlPlaneCheck(),
            new KeyCheck(),
            new ClockCheck(),
            new ReportsCheck(),
            new BundleCheck(),
            new ModelsCheck(),
            new DatabaseCheck(),
            new MigrationsCheck(),
            new AlertChannelsCheck()),
        longest);
  }

  List<Check> checks() {
    return checks;
  }

  /** What came of each check, in their order. */
  Map<String, Outcome> look(Deployment deployment) throws InterruptedException {
    ExecutorService threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "doctor");
              thread.setDaemon(true);
              return thread;
            });
    try {
      Map<String, CompletableFuture<Outcome>> running = new LinkedHashMap<>();
      for (Check check : checks) {
        Map<String, CompletableFuture<Outcome>> needed = new LinkedHashMap<>();
        for (String name : check.needs()) {
          CompletableFuture<Outcome> other = running.get(name);
          if (other == null) {
            throw new IllegalStateException(check.name() + " needs " + name + ", which is later");
          }
          needed.put(name, other);
        }
        running.put(
            check.name(),
            CompletableFuture.allOf(needed.values().toArray(CompletableFuture[]::new))
                .thenApplyAsync(ready -> look(check, deployment, needed, threads), threads));
      }
      Map<String, Outcome> outcomes = new LinkedHashMap<>();
      for (Map.Entry<String, CompletableFuture<Outcome>> each : running.entrySet()) {
        outcomes.put(each.getKey(), each.getValue().join());
      }
      return outcomes;
    } finally {
      threads.shutdownNow();
    }
  }

  private Outcome look(
      Check check,
      Deployment deployment,
      Map<String, CompletableFuture<Outcome>> needed,
      ExecutorService threads) {
    if (check.side() != Check.Side.BOTH
        && deployment.side() != Check.Side.BOTH
        && check.side() != deployment.side()) {
      return new Outcome.Skipped("--role is " + SideName.of(deployment.side()));
    }
    for (Map.Entry<String, CompletableFuture<Outcome>> each : needed.entrySet()) {
      Outcome outcome = each.getValue().join();
      if (outcome instanceof Outcome.Wrong wrong
          && wrong.problems().stream().anyMatch(problem -> problem.severity() == Severity.ERROR)) {
        return new Outcome.Skipped("\"" + each.getKey() + "\" found an error");
      }
    }
    Future<Outcome> looking = threads.submit(() -> check.look(deployment));
    return ended(check, looking, "./llmtrace doctor" + deployment.configOption() + " --timeout 60");
  }

  /**
   * The boundary of a check: whatever it throws is a problem that it tells.
   *
   * @param again the command that looks once more, with more time
   */
  private Outcome ended(Check check, Future<Outcome> looking, String again) {
    try {
      return looking.get(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      looking.cancel(true);
      return new Findings(check.name())
          .error("The check did not end within " + longest.toSeconds() + " s", again)
          .or("");
    } catch (java.util.concurrent.ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String what =
          cause instanceof IOException
              ? "Looking failed"
              : "The check itself failed, which is a bug";
      return new Findings(check.name()).error(what + ": " + cause, again).or("");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome.Skipped("interrupted");
    }
  }
}
