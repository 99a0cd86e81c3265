package io.llmtrace.cli.policy;

import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.trial.TrialCase;
import io.llmtrace.policies.trial.TrialReader;
import io.llmtrace.policies.yaml.YamlProblem;
import io.llmtrace.runtime.config.Utf8File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds and reads files of policies and of their tests, and tells what is wrong. Not thread-safe.
 */
final class PolicyFiles {
  private static final long LARGEST = 4L << 20;
  private static final String TEST = ".test.yaml";
  private static final String POLICY = ".yaml";

  private final PrintWriter err;
  private boolean wrong;

  /**
   * @param err is told what is wrong, one line a problem
   */
  PolicyFiles(PrintWriter err) {
    this.err = err;
  }

  /** Whether anything was wrong so far. */
  boolean wrong() {
    return wrong;
  }

  static boolean isTest(Path file) {
    return file.getFileName().toString().endsWith(TEST);
  }

  /** The tests of a policy stand beside it. */
  static Path testsOf(Path policy) {
    String name = policy.getFileName().toString();
    int end = name.lastIndexOf('.');
    return policy.resolveSibling((end < 0 ? name : name.substring(0, end)) + TEST);
  }

  static Path policyOf(Path tests) {
    String name = tests.getFileName().toString();
    return tests.resolveSibling(name.substring(0, name.length() - TEST.length()) + POLICY);
  }

  /** Files as they are given, and of a directory all policies and tests, by name. */
  List<Path> all(List<Path> given) {
    List<Path> all = new ArrayList<>();
    for (Path path : given) {
      if (!Files.isDirectory(path)) {
        all.add(path);
        continue;
      }
      try (Stream<Path> files = Files.list(path)) {
        List<Path> found = files.filter(each -> each.toString().endsWith(POLICY)).sorted().toList();
        if (found.isEmpty()) {
          tell(path + ": expected files that end with " + POLICY);
        }
        all.addAll(found);
      } catch (IOException e) {
        tell(path + ": expected a directory that can be read (" + e.getMessage() + ")");
      }
    }
    return all;
  }

  /** A policy; empty where something is wrong, which was told. Warnings are told too. */
  Optional<Policy> policy(Path file) {
    Optional<String> text = text(file);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      PolicyReader.Read read = PolicyReader.read(text.get(), LocalDate.now(ZoneOffset.UTC));
      read.warnings().forEach(warning -> err.println(line(file, warning, "warning: ")));
      return Optional.of(read.policy());
    } catch (PolicyProblemsException e) {
      tell(file, e);
      return Optional.empty();
    }
  }

  /** Policies in the order in which they are given; told as by {@link #policy}. */
  List<Policy> policies(List<Path> files) {
    return files.stream().flatMap(file -> policy(file).stream()).toList();
  }

  /** Test cases; empty where something is wrong, which was told. */
  List<TrialCase> cases(Path file) {
    Optional<String> text = text(file);
    if (text.isEmpty()) {
      return List.of();
    }
    try {
      return TrialReader.cases(text.get());
    } catch (PolicyProblemsException e) {
      tell(file, e);
      return List.of();
    }
  }

  private Optional<String> text(Path file) {
    try {
      return Optional.of(Utf8File.read(file, LARGEST));
    } catch (Utf8File.UnreadableException e) {
      tell(file + ": " + e.expectation());
      return Optional.empty();
    }
  }

  /** Tells every problem of a file. */
  void tell(Path file, PolicyProblemsException problems) {
    problems.problems().forEach(problem -> tell(line(file, problem, "")));
  }

  /** Tells something that is wrong. */
  void tell(String problem) {
    wrong = true;
    err.println(problem);
  }

  private static String line(Path file, YamlProblem problem, String kind) {
    return file
        + ":"
        + problem.line()
        + ":"
        + problem.column()
        + ": "
        + kind
        + (problem.path().isEmpty() ? "" : problem.path() + ": ")
        + problem.message()
        + (problem.suggestion().isEmpty() ? "" : " (" + problem.suggestion() + ")");
  }
}
