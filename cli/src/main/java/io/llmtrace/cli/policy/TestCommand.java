package io.llmtrace.cli.policy;

import io.llmtrace.cli.scan.ConfiguredEngine;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.trial.Comparison;
import io.llmtrace.policies.trial.Outcome;
import io.llmtrace.policies.trial.TrialCase;
import io.llmtrace.policies.trial.Trials;
import io.llmtrace.runtime.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy test}. */
@Command(
    name = "test",
    description = {
      "Runs the tests that stand beside policies: NAME.test.yaml beside NAME.yaml.",
      "Requests go the way of real ones, through the same readers, detectors and rules; what is"
          + " compared is what enforce mode does."
    },
    mixinStandardHelpOptions = true)
final class TestCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE|DIR",
      arity = "1..*",
      description = "Policies, files of tests, or directories of both.")
  @SuppressWarnings("NullAway.Init")
  private List<Path> given;

  @Option(
      names = "--under",
      paramLabel = "FILE",
      description = "A policy below, such as the tenant's; the farthest first.")
  private List<Path> under = List.of();

  @Option(
      names = "--junit",
      paramLabel = "FILE",
      description = "Writes the results as JUnit XML, for CI.")
  private @Nullable Path junit;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "The configuration file, of which detection and models are used; what is shipped when left"
              + " out.")
  private @Nullable Path config;

  /** One file of tests, with the policies that it is about. */
  private record Suite(Path file, PolicyStack policies, List<TrialCase> cases) {}

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter err = spec.commandLine().getErr();
    PolicyFiles files = new PolicyFiles(err);
    List<Suite> suites = suites(files);
    if (files.wrong()) {
      return PolicyCommand.WRONG;
    }
    DetectionEngine engine;
    try {
      engine = ConfiguredEngine.loaded(ConfiguredEngine.options(config), err);
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return PolicyCommand.WRONG;
    }
    Trials trials = new Trials(engine, InstantSource.system());
    JUnitReport report = new JUnitReport();
    int ran = 0;
    int failed = 0;
    for (Suite suite : suites) {
      for (TrialCase test : suite.cases()) {
        long start = System.nanoTime();
        Outcome outcome = trials.run(suite.policies(), test.sample());
        List<String> failure = FailureText.of(Comparison.of(test, outcome), outcome);
        String place = suite.file() + ":" + test.line();
        report.add(suite.file(), test.name(), System.nanoTime() - start, place, failure);
        ran++;
        failed += failure.isEmpty() ? 0 : 1;
        print(test, place, failure);
      }
    }
    spec.commandLine().getOut().println(ran + " tests, " + failed + " failed");
    return wrote(report) ? (failed == 0 ? 0 : PolicyCommand.FAILED) : PolicyCommand.WRONG;
  }

  private List<Suite> suites(PolicyFiles files) {
    List<Policy> below = files.policies(under);
    // A directory has both, and a policy may be given beside its tests.
    Map<Path, Path> tests = new LinkedHashMap<>();
    for (Path file : files.all(given)) {
      if (PolicyFiles.isTest(file)) {
        tests.put(file, PolicyFiles.policyOf(file));
      } else if (Files.exists(PolicyFiles.testsOf(file))) {
        tests.put(PolicyFiles.testsOf(file), file);
      } else if (given.contains(file)) {
        files.tell(
            Files.exists(file)
                ? file + ": expected tests in " + PolicyFiles.testsOf(file)
                : file + ": expected a policy that exists");
      } else {
        spec.commandLine().getOut().println("none  " + file + " has no tests");
      }
    }
    List<Suite> suites = new ArrayList<>();
    tests.forEach(
        (file, policyFile) -> {
          Optional<Policy> policy = files.policy(policyFile);
          List<TrialCase> cases = files.cases(file);
          if (policy.isPresent() && !cases.isEmpty()) {
            List<Policy> layers = new ArrayList<>(below);
            layers.add(policy.get());
            stack(files, layers).ifPresent(stack -> suites.add(new Suite(file, stack, cases)));
          }
        });
    return suites;
  }

  static Optional<PolicyStack> stack(PolicyFiles files, List<Policy> layers) {
    if (layers.size() > PolicyStack.MOST) {
      files.tell("--under: expected at most " + (PolicyStack.MOST - 1));
      return Optional.empty();
    }
    return Optional.of(Trials.enforcing(layers));
  }

  private void print(TrialCase test, String place, List<String> failure) {
    PrintWriter out = spec.commandLine().getOut();
    if (failure.isEmpty()) {
      out.println("ok    " + test.name());
    } else {
      out.println("FAIL  " + test.name() + " (" + place + ")");
      failure.forEach(line -> out.println("      " + line));
    }
  }

  private boolean wrote(JUnitReport report) {
    Path to = junit;
    if (to == null) {
      return true;
    }
    try {
      Path parent = to.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.writeString(to, report.xml());
      return true;
    } catch (IOException e) {
      spec.commandLine().getErr().println("--junit: " + to + " cannot be written: " + e);
      return false;
    }
  }
}
