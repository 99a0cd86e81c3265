package io.llmtrace.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows of {@code docs/architecture.md} are imports of the code. */
class ArchitectureDocTest {
  private static final Path PAGE = MarkdownPage.REPOSITORY.resolve("docs/architecture.md");
  private static final Pattern ARROW = Pattern.compile("(?m)^ *([a-z-]+) --> ([a-z-]+)$");
  private static final Pattern IMPORT =
      Pattern.compile("(?m)^import (?:static )?io\\.llmtrace\\.([a-z]+)\\.([a-z]+)");

  /** Folders of modules, with their packages. */
  private static final Map<String, String> MODULES =
      Map.of(
          "policies", "policies",
          "runtime", "runtime",
          "testkit", "testkit",
          "plugin", "plugin",
          "control-plane", "controlplane",
          "cli", "cli");

  @Test
  void arrows_between_modules_are_all_imports_that_there_are() throws IOException {
    Set<String> imports = new LinkedHashSet<>();
    for (String from : MODULES.keySet()) {
      for (String source : sources(Path.of(from, "src/main/java"))) {
        Matcher each = IMPORT.matcher(source);
        while (each.find()) {
          MODULES.forEach(
              (to, name) -> {
                if (name.equals(each.group(1)) && !to.equals(from)) {
                  imports.add(from + " --> " + to);
                }
              });
        }
      }
    }
    assertThat(arrows("imports between modules")).containsExactlyInAnyOrderElementsOf(imports);
  }

  @Test
  void arrows_between_packages_are_imports_and_none_goes_back() throws IOException {
    for (String module : List.of("policies", "plugin", "control-plane")) {
      List<String> arrows = arrows("imports of " + module);
      assertThat(arrows).as(module).hasSizeGreaterThan(10);
      for (String arrow : arrows) {
        String[] ends = arrow.split(" --> ", -1);
        assertThat(imports(module, ends[0])).as("%s: %s", module, arrow).contains(ends[1]);
        assertThat(imports(module, ends[1]))
            .as("%s: back of %s", module, arrow)
            .doesNotContain(ends[0]);
      }
    }
  }

  @Test
  void every_package_of_the_plugin_is_on_the_page() throws IOException {
    String page = Files.readString(PAGE);
    String plugin = page.substring(page.indexOf("## The plugin"), page.indexOf("## The control"));
    try (Stream<Path> all = Files.list(root("plugin"))) {
      for (Path each : all.filter(Files::isDirectory).toList()) {
        String name = each.getFileName().toString();
        // The plugin's own port: it shows the others and is asked by none of the traffic.
        if (!name.equals("local")) {
          assertThat(plugin).contains("`" + name + "`");
        }
      }
    }
  }

  private static List<String> arrows(String comment) {
    String text =
        MarkdownPage.of(PAGE).fences().stream()
            .filter(fence -> fence.comment().equals(comment))
            .map(MarkdownPage.Fence::text)
            .findFirst()
            .orElseThrow(() -> new AssertionError("no diagram: " + comment));
    List<String> arrows = new ArrayList<>();
    Matcher each = ARROW.matcher(text);
    while (each.find()) {
      arrows.add(each.group(1) + " --> " + each.group(2));
    }
    return arrows;
  }

  /** Packages of the module that one of its packages imports. */
  private static Set<String> imports(String module, String from) throws IOException {
    Set<String> imports = new LinkedHashSet<>();
    Path folder = MarkdownPage.REPOSITORY.relativize(root(module)).resolve(from);
    for (String source : sources(folder)) {
      Matcher each = IMPORT.matcher(source);
      while (each.find()) {
        if (each.group(1).equals(MODULES.get(module)) && !each.group(2).equals(from)) {
          imports.add(each.group(2));
        }
      }
    }
    return imports;
  }

  private static Path root(String module) {
    return MarkdownPage.REPOSITORY
        .resolve(module)
        .resolve("src/main/java/io/llmtrace")
        .resolve(MODULES.getOrDefault(module, module));
  }

  private static List<String> sources(Path folder) throws IOException {
    List<String> sources = new ArrayList<>();
    try (Stream<Path> all = Files.walk(MarkdownPage.REPOSITORY.resolve(folder))) {
      for (Path each : all.filter(file -> file.toString().endsWith(".java")).toList()) {
        sources.add(Files.readString(each));
      }
    }
    assertThat(sources).as(folder.toString()).isNotEmpty();
    return sources;
  }
}
