package io.llmtrace.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every page leads where it says, and names nothing of the machine that it was written on. */
class DocumentationLinksTest {
  private static final Pattern SCHEME = Pattern.compile("^[a-z][a-z+.-]*:.*");
  private static final Pattern PAGE = Pattern.compile("\\bdocs/[A-Za-z0-9_./-]+\\.md\\b");
  private static final Pattern URL = Pattern.compile("https?://([^/\\s)`\"'<>:]+)");

  /** Folders in which only one machine's people have something. */
  private static final Pattern MACHINE =
      Pattern.compile("(?<![A-Za-z0-9._~-])/(?:root|work|home|Users)/[A-Za-z0-9._-]+");

  /**
   * Hosts that pages may name: services that users point LLMTrace at, standards and projects that
   * are cited. Another host is added here on purpose, or it is a slip (a mirror, somebody's
   * machine).
   */
  private static final Set<String> HOSTS =
      Set.of(
          "api.openai.com",
          "api.anthropic.com",
          "hooks.slack.com",
          "slack.com",
          "events.pagerduty.com",
          "your-endpoint.com",
          "cel.dev",
          "keepachangelog.com",
          "semver.org",
          "www.standardwebhooks.com");

  /** Names that no machine has: RFC 2606, RFC 6761, loopback, and words that stand for one. */
  private static final Pattern NOBODY =
      Pattern.compile(
          "localhost|user|127\\.0\\.0\\.1|host|b|…|[a-z0-9.-]*example(\\.(com|org|net))?"
              + "|[a-z0-9-]+(\\.[a-z0-9-]+)?\\.(internal|svc)|\\$.*|.*@host|[A-Z_]+|\\{.*");

  @Test
  void every_relative_link_and_anchor_resolves() throws IOException {
    List<String> broken = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      for (MarkdownPage.Link link : page.links()) {
        if (!SCHEME.matcher(link.target()).matches()) {
          problem(page, link.target())
              .forEach(
                  what ->
                      broken.add(
                          page.name() + ":" + link.line() + " " + link.target() + ": " + what));
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private static Stream<String> problem(MarkdownPage page, String target) throws IOException {
    String[] parts = target.split("#", 2);
    Path file = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]).normalize();
    if (!file.startsWith(MarkdownPage.REPOSITORY)) {
      return Stream.of("leads out of the repository");
    }
    if (!Files.exists(file)) {
      return Stream.of("there is no " + MarkdownPage.REPOSITORY.relativize(file));
    }
    if (parts.length == 1) {
      return Stream.empty();
    }
    if (!file.toString().endsWith(".md")) {
      return Stream.of("an anchor in what is no page");
    }
    Set<String> anchors = MarkdownPage.of(file).anchors();
    return anchors.contains(parts[1])
        ? Stream.empty()
        : Stream.of("no such heading; there are " + anchors);
  }

  @Test
  void pages_that_code_and_configuration_name_are_there() throws IOException {
    List<String> missing = new ArrayList<>();
    List<Path> files = new ArrayList<>(List.of(MarkdownPage.REPOSITORY.resolve("llmtrace")));
    try (Stream<Path> root = Files.list(MarkdownPage.REPOSITORY)) {
      root.filter(each -> each.toString().endsWith(".yaml")).forEach(files::add);
    }
    for (String module :
        List.of("policies", "runtime", "testkit", "plugin", "control-plane", "cli")) {
      Path sources = MarkdownPage.REPOSITORY.resolve(module).resolve("src/main");
      try (Stream<Path> all = Files.walk(sources)) {
        all.filter(each -> each.toString().matches(".*\\.(java|yaml|html)")).forEach(files::add);
      }
    }
    MarkdownPage.all().forEach(page -> files.add(page.file()));
    assertThat(files).hasSizeGreaterThan(500);
    for (Path file : files) {
      Matcher named = PAGE.matcher(Files.readString(file));
      while (named.find()) {
        if (!Files.exists(MarkdownPage.REPOSITORY.resolve(named.group()))
            && !Files.exists(file.resolveSibling(named.group()))) {
          missing.add(MarkdownPage.REPOSITORY.relativize(file) + " names " + named.group());
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void no_page_names_a_place_of_one_machine() throws IOException {
    List<String> found = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      Matcher place = MACHINE.matcher(page.text());
      while (place.find()) {
        found.add(page.name() + ": " + place.group());
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void hosts_are_those_that_are_known_or_nobodys() throws IOException {
    List<String> found = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      Matcher url = URL.matcher(page.text());
      while (url.find()) {
        String host = url.group(1).replaceAll("[.,;:]+$", "");
        if (!HOSTS.contains(host) && !NOBODY.matcher(host).matches()) {
          found.add(page.name() + ": " + host);
        }
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void anchors_are_made_as_github_makes_them() {
    MarkdownPage page =
        MarkdownPage.of(
            MarkdownPage.REPOSITORY.resolve("x.md"),
            "# What `up` does, and not\n## A\n## A\n```\n## none\n```\n## [Ü](x.md) & _b-c_\n");
    assertThat(page.anchors())
        .containsExactlyInAnyOrder("what-up-does-and-not", "a", "a-1", "ü--_b-c_");
    assertThat(page.links()).extracting(MarkdownPage.Link::target).containsExactly("x.md");
    assertThat(page.fences()).hasSize(1);
  }
}
