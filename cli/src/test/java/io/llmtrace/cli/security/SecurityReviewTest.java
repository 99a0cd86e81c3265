package io.llmtrace.cli.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What docs/security names as evidence is in the source, and every threat names some. */
class SecurityReviewTest {
  private static final Path ROOT = Path.of("..");
  private static final Path PAGES = ROOT.resolve("docs/security");
  private static final List<String> MODULES =
      List.of("policies", "runtime", "testkit", "plugin", "control-plane", "cli");
  private static final Pattern TEST =
      Pattern.compile("`([A-Z][A-Za-z0-9]+(?:Test|IT))(?:#(\\w+))?`");
  private static final Pattern CLASS = Pattern.compile("`([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*|A6)`");
  private static final Pattern THREAT = Pattern.compile("\\| .* \\| [STRIDE](, [STRIDE])* \\| .*");

  private static final Map<String, String> SOURCES = new HashMap<>();

  @BeforeAll
  static void read() throws IOException {
    for (String module : MODULES) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src"))) {
        for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
          String name = String.valueOf(file.getFileName()).replace(".java", "");
          // Of two classes of one name either may be meant.
          SOURCES.merge(name, Files.readString(file), String::concat);
        }
      }
    }
  }

  @Test
  void everyTestThatIsNamedExists() throws IOException {
    List<String> missing = new ArrayList<>();
    int named = 0;
    for (Path page : pages()) {
      Matcher test = TEST.matcher(Files.readString(page));
      while (test.find()) {
        named++;
        String source = SOURCES.getOrDefault(test.group(1), "");
        boolean there =
            test.group(2) == null
                ? !source.isEmpty()
                : Pattern.compile("void " + test.group(2) + "\\(").matcher(source).find();
        if (!there) {
          missing.add(page.getFileName() + ": " + test.group());
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(named).isGreaterThan(60);
  }

  @Test
  void everyClassThatHoldsAThreatOffExists() throws IOException {
    List<String> missing = new ArrayList<>();
    Matcher named = CLASS.matcher(Files.readString(PAGES.resolve("threat-model.md")));
    while (named.find()) {
      if (!SOURCES.containsKey(named.group(1)) && !named.group(1).equals("Class")) {
        missing.add(named.group(1));
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void everyThreatHasATestAndMostHaveAClass() throws IOException {
    List<String> threats =
        Files.readAllLines(PAGES.resolve("threat-model.md")).stream()
            .filter(line -> THREAT.matcher(line).matches())
            .toList();
    assertThat(threats).hasSizeGreaterThan(35);
    assertThat(threats).allMatch(line -> TEST.matcher(line).find(), "names a test");
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(PAGES)) {
      return files.filter(each -> each.toString().endsWith(".md")).sorted().toList();
    }
  }
}
