package io.llmtrace.cli.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.cli.scan.ConfiguredEngine;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.evaluate.Layers;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.trial.Outcome;
import io.llmtrace.policies.trial.Sample;
import io.llmtrace.policies.trial.TrialReader;
import io.llmtrace.policies.trial.Trials;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.Utf8File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code policy explain}. */
@Command(
    name = "explain",
    description = {
      "Says what a policy does with a request and why: which rule decides, which nearly did, and by"
          + " what values.",
      "The input is YAML or JSON with the keys of a test case, such as {\"prompt\": \"…\"} or"
          + " {\"request\": {\"path\": \"/v1/chat/completions\", \"body\": {…}}}."
    },
    mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
  private static final int LARGEST = 4 << 20;
  private static final String STANDARD_INPUT = "-";

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Option(names = "--policy", required = true, paramLabel = "FILE", description = "The policy.")
  @SuppressWarnings("NullAway.Init")
  private Path policy;

  @Option(
      names = "--under",
      paramLabel = "FILE",
      description = "A policy below, such as the tenant's; the farthest first.")
  private List<Path> under = List.of();

  @Option(
      names = "--input",
      required = true,
      paramLabel = "FILE",
      description = "The request; - is standard input.")
  @SuppressWarnings("NullAway.Init")
  private String input;

  @Option(names = "--json", description = "Prints JSON.")
  private boolean json;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "The configuration file, of which detection and models are used; what is shipped when left"
              + " out.")
  private @Nullable Path config;

  @Override
  public Integer call() throws InterruptedException, JsonProcessingException {
    PrintWriter err = spec.commandLine().getErr();
    PolicyFiles files = new PolicyFiles(err);
    List<Policy> layers = new ArrayList<>(files.policies(under));
    files.policy(policy).ifPresent(layers::add);
    Optional<Sample> sample = sample(files);
    Optional<PolicyStack> stack = TestCommand.stack(files, layers);
    if (files.wrong() || sample.isEmpty() || stack.isEmpty()) {
      return PolicyCommand.WRONG;
    }
    DetectionEngine engine;
    try {
      engine = ConfiguredEngine.loaded(ConfiguredEngine.options(config), err);
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return PolicyCommand.WRONG;
    }
    Outcome outcome = new Trials(engine, InstantSource.system()).run(stack.get(), sample.get());
    ExplainedOutcome explained =
        ExplainedOutcome.of(outcome, Layers.of(layers).conflicts(), layers);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(explained));
    } else {
      explained.lines().forEach(out::println);
    }
    return 0;
  }

  private Optional<Sample> sample(PolicyFiles files) {
    Path name = Path.of(input.equals(STANDARD_INPUT) ? "standard input" : input);
    try {
      return Optional.of(TrialReader.sample(text()));
    } catch (PolicyProblemsException e) {
      files.tell(name, e);
    } catch (Utf8File.UnreadableException e) {
      files.tell(name + ": " + e.expectation());
    } catch (IOException e) {
      files.tell(name + ": expected something that can be read (" + e.getMessage() + ")");
    }
    return Optional.empty();
  }

  private String text() throws IOException, Utf8File.UnreadableException {
    return input.equals(STANDARD_INPUT)
        ? new String(System.in.readNBytes(LARGEST), StandardCharsets.UTF_8)
        : Utf8File.read(Path.of(input), LARGEST);
  }
}
