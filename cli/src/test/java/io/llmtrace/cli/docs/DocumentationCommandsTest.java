package io.llmtrace.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.llmtrace.cli.docs.MarkdownPage.Fence;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.ConfigProblem;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Every shell block of every page is run by a named test or script, or says why it is not run, or
 * is run here; every part of a configuration is one that the reader takes.
 *
 * <p>What is run here are commands that end by themselves: all such blocks of a page in order, in
 * one shell, in an empty folder that has the files of the repository, with {@code ./llmtrace}.
 */
class DocumentationCommandsTest {
  private static final Pattern RUN_BY = Pattern.compile("run by: (\\S+)");
  private static final Pattern NOT_RUN = Pattern.compile("not run: (.+)");
  private static final Set<String> SECTIONS =
      Set.of(
          "logging",
          "alerts",
          "circuit_breaker",
          "metrics",
          "control_plane",
          "plugin",
          "detection",
          "models",
          "limits",
          "prices");

  /** Six processes of Java on a machine that builds; on a quiet one it takes some seconds. */
  private static final Duration LONGEST = Duration.ofMinutes(4);

  @TempDir private Path folder;

  /** Pages of which all blocks are run by the script, which has marks of its own. */
  private static final Set<String> BY_SCRIPT = Set.of("README.md", "docs/quick-start.md");

  @Test
  void every_shell_block_is_run_or_says_why_not() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      for (Fence fence : page.fences()) {
        if (fence.isShell() && !BY_SCRIPT.contains(page.name())) {
          problem(page, fence)
              .forEach(what -> wrong.add(page.name() + ":" + fence.line() + " " + what));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static Stream<String> problem(MarkdownPage page, Fence fence) throws IOException {
    if (fence.comment().isEmpty()) {
      return Stream.empty();
    }
    Matcher by = RUN_BY.matcher(fence.comment());
    if (by.matches()) {
      return runs(by.group(1), page)
          ? Stream.empty()
          : Stream.of(
              "is run by "
                  + by.group(1)
                  + ", which is neither a test nor a script here that names the page");
    }
    Matcher not = NOT_RUN.matcher(fence.comment());
    if (!not.matches()) {
      return Stream.of("has a comment above that is neither \"run by: X\" nor \"not run: WHY\"");
    }
    return not.group(1).strip().length() > 10 ? Stream.empty() : Stream.of("says no reason");
  }

  /** A test class by its name, or a script by its path that names the page or its folder. */
  private static boolean runs(String name, MarkdownPage page) throws IOException {
    if (name.contains("/")) {
      Path script = MarkdownPage.REPOSITORY.resolve(name);
      String folder = page.name().substring(0, page.name().lastIndexOf('/') + 1);
      return Files.isExecutable(script)
          && Stream.of(page.name(), folder + "*.md")
              .anyMatch(List.of(Files.readString(script).split("[\\s()]+"))::contains);
    }
    String file = name + ".java";
    try (Stream<Path> modules = Files.list(MarkdownPage.REPOSITORY)) {
      for (Path module : modules.map(each -> each.resolve("src/test/java")).toList()) {
        if (Files.isDirectory(module)) {
          try (Stream<Path> all = Files.walk(module)) {
            if (all.anyMatch(each -> each.getFileName().toString().equals(file))) {
              return true;
            }
          }
        }
      }
    }
    return false;
  }

  @TestFactory
  Stream<DynamicTest> blocks_without_a_mark_run_as_they_stand() throws IOException {
    return MarkdownPage.all().stream()
        .filter(page -> !BY_SCRIPT.contains(page.name()))
        .filter(page -> !open(page).isEmpty())
        .map(page -> dynamicTest(page.name(), () -> run(page)));
  }

  private static List<Fence> open(MarkdownPage page) {
    return page.fences().stream()
        .filter(fence -> fence.isShell() && fence.comment().isEmpty())
        .toList();
  }

  private void run(MarkdownPage page) throws Exception {
    Path place = Files.createTempDirectory(folder, "page");
    List<Path> links = new ArrayList<>();
    try (Stream<Path> all = Files.list(MarkdownPage.REPOSITORY)) {
      for (Path each : all.toList()) {
        String name = each.getFileName().toString();
        if (!name.startsWith(".") && !Set.of("llmtrace", "data", "target").contains(name)) {
          links.add(Files.createSymbolicLink(place.resolve(name), each));
        }
      }
    }
    try {
      run(page, place);
    } finally {
      for (Path link : links) {
        Files.delete(link);
      }
    }
  }

  private static void run(MarkdownPage page, Path place) throws Exception {
    Files.createDirectory(place.resolve("target"));
    command(place.resolve("llmtrace"));
    String script =
        open(page).stream()
            .map(fence -> "# " + page.name() + ":" + fence.line() + "\n" + fence.text())
            .collect(Collectors.joining("\n", "set -euo pipefail\n", ""));
    Path output = place.resolve("target/output");
    Process shell =
        new ProcessBuilder("bash", "-c", script)
            .directory(place.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = shell.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS);
    if (!ended) {
      shell.descendants().forEach(ProcessHandle::destroyForcibly);
      shell.destroyForcibly();
    }
    assertThat(ended).as("ended: %s", Files.readString(output)).isTrue();
    assertThat(shell.exitValue()).as("%s\n%s", script, Files.readString(output)).isZero();
  }

  /** The command of this build: what the script starts after it has built, without its tests. */
  private static void command(Path file) throws IOException {
    Path arguments = file.resolveSibling("target/arguments");
    String classPath =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    Files.writeString(
        arguments,
        "-XX:TieredStopAtLevel=1\n-cp\n\""
            + classPath.replace("\\", "\\\\")
            + "\"\nio.llmtrace.cli.Main\n");
    Files.writeString(
        file,
        "#!/usr/bin/env bash\nexec '%s/bin/java' '@%s' \"$@\"\n"
            .formatted(System.getProperty("java.home"), arguments));
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  @Test
  void configurations_of_the_pages_are_ones_that_the_reader_takes() throws IOException {
    List<String> wrong = new ArrayList<>();
    int read = 0;
    for (MarkdownPage page : MarkdownPage.all()) {
      for (Fence fence : page.fences()) {
        if (fence.language().equals("yaml")
            && !page.name().equals("docs/custom-policies.md") // policies; CustomPoliciesDocTest
            && isConfiguration(page, fence, wrong)) {
          read++;
          for (ConfigProblem problem : problems(fence)) {
            int line = fence.line() + problem.line();
            wrong.add(
                page.name() + ":" + line + " " + problem.key() + ": " + problem.expectation());
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(read).isGreaterThan(10);
  }

  /** By its sections; what is no YAML is wrong in any case. */
  private static boolean isConfiguration(MarkdownPage page, Fence fence, List<String> wrong) {
    try {
      Object top = new Load(LoadSettings.builder().build()).loadFromString(fence.text());
      return top instanceof Map<?, ?> map && map.keySet().stream().anyMatch(SECTIONS::contains);
    } catch (YamlEngineException e) {
      wrong.add(page.name() + ":" + fence.line() + " is no YAML: " + e.getMessage());
      return false;
    }
  }

  /** What the reader says, but for files that are the reader's own business to have. */
  private List<ConfigProblem> problems(Fence fence) throws IOException {
    Path file = Files.writeString(folder.resolve("llmtrace.yaml"), fence.text());
    Map<String, String> env =
        Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)")
            .matcher(fence.text())
            .results()
            .map(match -> match.group(1))
            .distinct()
            .collect(Collectors.toMap(name -> name, name -> "value"));
    try {
      ConfigFile.load(file, env, ConfigFile.Role.TOOL);
      return List.of();
    } catch (ConfigException e) {
      return e.problems().stream()
          .filter(problem -> !problem.expectation().startsWith("expected a file that"))
          .toList();
    }
  }
}
