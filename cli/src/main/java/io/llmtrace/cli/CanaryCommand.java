package io.llmtrace.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.policies.detect.output.CanaryTokens;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.Secret;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code canary issue}: tokens that prove a leak wherever they turn up. */
@Command(
    name = "canary",
    description = "Makes canary tokens for system prompts and documents.",
    mixinStandardHelpOptions = true)
final class CanaryCommand {
  private static final int MOST = 100_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Command(
      name = "issue",
      description =
          "Prints tokens, one a line. Put one into a system prompt: the plugin reports an answer that"
              + " has it. No list of them is kept; plugin.answers.canary_key is what makes and knows"
              + " them.",
      mixinStandardHelpOptions = true)
  int issue(
      @Option(
              names = "--config",
              paramLabel = "FILE",
              defaultValue = "llmtrace.yaml",
              description = "The plugin's configuration file. Default: ${DEFAULT-VALUE}.")
          Path file,
      @Option(
              names = "--tenant",
              paramLabel = "T",
              defaultValue = "default",
              description = "The tenant, as routes name it. Default: ${DEFAULT-VALUE}.")
          String tenant,
      @Option(
              names = "--count",
              paramLabel = "N",
              defaultValue = "1",
              description = "How many. Default: ${DEFAULT-VALUE}.")
          int count) {
    if (count < 1 || count > MOST) {
      throw new ParameterException(
          spec.commandLine(), "--count: expected a number from 1 to " + MOST + ", was " + count);
    }
    PrintWriter err = spec.commandLine().getErr();
    Secret key;
    try {
      key =
          ConfigFile.load(file, System.getenv(), ConfigFile.Role.PLUGIN)
              .plugin()
              .answers()
              .canaryKey();
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return 2;
    }
    if (key == null) {
      err.println(
          file + ": plugin.answers.canary_key: expected a secret of at least 16 bytes, was absent");
      return 2;
    }
    CanaryTokens tokens = CanaryTokens.ofTenant(key.reveal().getBytes(UTF_8), tenant);
    SecureRandom serials = new SecureRandom();
    PrintWriter out = spec.commandLine().getOut();
    for (int i = 0; i < count; i++) {
      out.println(tokens.issue(serials.nextLong()));
    }
    out.flush();
    return 0;
  }
}
