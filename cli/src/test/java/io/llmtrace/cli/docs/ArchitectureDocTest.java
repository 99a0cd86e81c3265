package io.llmtrace.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@code docs/architecture.md} says of modules and packages is what the compiled code does.
 */
class ArchitectureDocTest {
  private static final Path PAGE = MarkdownPage.REPOSITORY.resolve("docs/architecture.md");
  private static final Pattern ARROW = Pattern.compile("(?m)^ *([a-z-]+) --> ([a-z-]+)$");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z]+)` \\| (.*) \\|$");
  private static final Pattern NAME = Pattern.compile("`([a-z]+)`");

  /** Folders of modules, by their packages. */
  private static final Map<String, String> MODULES =
      Map.of(
          "policies", "policies",
          "runtime", "runtime",
          "testkit", "testkit",
          "plugin", "plugin",
          "controlplane", "control-plane",
          "cli", "cli");

  /** All packages of the control plane rest on them, and each of them on earlier ones at most. */
  private static final List<String> BASES =
      List.of("http", "access", "storage", "query", "idempotency");

  private record Arrow(String from, String to) {
    @Override
    public String toString() {
      return from + " --> " + to;
    }
  }

  private static final Set<Arrow> BETWEEN_MODULES = new TreeSet<>(ArchitectureDocTest::inOrder);

  /** By folder of the module. */
  private static final Map<String, Set<Arrow>> BETWEEN_PACKAGES = new TreeMap<>();

  private static final Map<String, Set<String>> PACKAGES = new TreeMap<>();

  private static int inOrder(Arrow one, Arrow other) {
    return one.toString().compareTo(other.toString());
  }

  @BeforeAll
  static void readClasses() {
    for (JavaClass each :
        new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes"))
            .importPackages("io.llmtrace")) {
      String module = module(each);
      String from = inside(each);
      if (module == null) {
        continue;
      }
      Set<Arrow> arrows =
          BETWEEN_PACKAGES.computeIfAbsent(
              module, key -> new TreeSet<>(ArchitectureDocTest::inOrder));
      if (!from.isEmpty()) {
        PACKAGES.computeIfAbsent(module, key -> new TreeSet<>()).add(from);
      }
      each.getDirectDependenciesFromSelf()
          .forEach(
              dependency -> {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                String other = module(target);
                String to = inside(target);
                if (other != null && !other.equals(module)) {
                  BETWEEN_MODULES.add(new Arrow(module, other));
                } else if (other != null && !from.isEmpty() && !to.isEmpty() && !to.equals(from)) {
                  arrows.add(new Arrow(from, to));
                }
              });
    }
    assertThat(PACKAGES.keySet()).containsExactlyInAnyOrderElementsOf(MODULES.values());
  }

  @Test
  void arrowsBetweenModulesAreThoseOfTheCode() {
    assertThat(drawn("imports between modules"))
        .containsExactlyInAnyOrderElementsOf(BETWEEN_MODULES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"policies", "plugin", "control-plane"})
  void everyArrowBetweenPackagesIsInTheCode(String module) {
    Set<Arrow> drawn = drawn("imports of " + module);
    assertThat(drawn).hasSizeGreaterThan(10);
    assertThat(BETWEEN_PACKAGES.get(module)).containsAll(drawn);
  }

  @ParameterizedTest
  @ValueSource(strings = {"policies", "plugin"})
  void everyImportIsAnArrowOrAPathOfArrows(String module) {
    Set<Arrow> drawn = drawn("imports of " + module);
    assertThat(BETWEEN_PACKAGES.get(module))
        .allSatisfy(arrow -> assertThat(reached(drawn, arrow.from())).contains(arrow.to()));
  }

  @Test
  void theTableOfTheControlPlaneHasAllThatEachPackageKnows() throws IOException {
    Map<String, Set<String>> told = new TreeMap<>();
    Matcher row = ROW.matcher(section("| package of the control plane |", "No two of them"));
    while (row.find()) {
      Set<String> names = told.computeIfAbsent(row.group(1), key -> new TreeSet<>());
      Matcher name = NAME.matcher(row.group(2));
      while (name.find()) {
        names.add(name.group(1));
      }
    }
    Map<String, Set<String>> known = new TreeMap<>();
    PACKAGES.get("control-plane").stream()
        .filter(each -> !BASES.contains(each))
        .forEach(each -> known.put(each, new TreeSet<>()));
    for (Arrow arrow : BETWEEN_PACKAGES.get("control-plane")) {
      if (BASES.contains(arrow.from())) {
        assertThat(BASES.subList(0, BASES.indexOf(arrow.from())))
            .as(arrow.toString())
            .contains(arrow.to());
      } else if (!BASES.contains(arrow.to())) {
        known.get(arrow.from()).add(arrow.to());
      }
    }
    assertThat(told).isEqualTo(known);
  }

  @ParameterizedTest
  @ValueSource(strings = {"policies", "runtime", "testkit", "plugin", "control-plane", "cli"})
  void noTwoPackagesKnowEachOther(String module) {
    Set<Arrow> arrows = BETWEEN_PACKAGES.get(module);
    assertThat(PACKAGES.get(module))
        .allSatisfy(each -> assertThat(reached(arrows, each)).as(each).doesNotContain(each));
  }

  @Test
  void everyPackageOfThePluginIsDescribed() throws IOException {
    String plugin = section("## The plugin", "## The control plane");
    // The plugin's own port: it shows the others and is asked by none of the traffic.
    assertThat(PACKAGES.get("plugin").stream().filter(name -> !name.equals("local")))
        .allSatisfy(name -> assertThat(plugin).contains("`" + name + "`"));
  }

  private static String section(String from, String until) throws IOException {
    String page = Files.readString(PAGE);
    assertThat(page).contains(from, until);
    return page.substring(page.indexOf(from), page.indexOf(until));
  }

  private static @Nullable String module(JavaClass each) {
    String[] names = each.getPackageName().split("\\.", -1);
    return names.length > 2 && each.getPackageName().startsWith("io.llmtrace.")
        ? MODULES.get(names[2])
        : null;
  }

  /** The package within its module; empty for the module's own. */
  private static String inside(JavaClass each) {
    String[] names = each.getPackageName().split("\\.", -1);
    return names.length > 3 ? names[3] : "";
  }

  private static Set<String> reached(Set<Arrow> arrows, String from) {
    Set<String> reached = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(from));
    while (!open.isEmpty()) {
      String at = open.pop();
      for (Arrow arrow : arrows) {
        if (arrow.from().equals(at) && reached.add(arrow.to())) {
          open.push(arrow.to());
        }
      }
    }
    return reached;
  }

  private static Set<Arrow> drawn(String comment) {
    List<String> fences = fences(comment).toList();
    assertThat(fences).as(comment).hasSize(1);
    Set<Arrow> arrows = new TreeSet<>(ArchitectureDocTest::inOrder);
    Matcher each = ARROW.matcher(fences.get(0));
    while (each.find()) {
      arrows.add(new Arrow(each.group(1), each.group(2)));
    }
    return arrows;
  }

  private static Stream<String> fences(String comment) {
    return MarkdownPage.of(PAGE).fences().stream()
        .filter(fence -> fence.comment().equals(comment))
        .map(MarkdownPage.Fence::text);
  }
}
