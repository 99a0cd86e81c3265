package io.llmtrace.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The Dockerfile, by rules such as hadolint's that matter here; no image is built. */
class DockerfileTest {
  private static final Path FILE = Yaml.ROOT.resolve("deploy/docker/Dockerfile");

  /** Whole instructions: what a backslash goes on is one. */
  private final List<String> instructions = new ArrayList<>();

  @BeforeEach
  void read() throws IOException {
    StringBuilder now = new StringBuilder();
    for (String line : Files.readAllLines(FILE)) {
      if (line.isBlank() || line.strip().startsWith("#")) {
        continue;
      }
      boolean goesOn = line.endsWith("\\");
      now.append(goesOn ? line.substring(0, line.length() - 1) : line);
      if (!goesOn) {
        instructions.add(now.toString().strip().replaceAll("\\s+", " "));
        now.setLength(0);
      }
    }
    assertThat(now).as("the last instruction ends").isEmpty();
  }

  private List<String> of(String instruction) {
    return instructions.stream()
        .filter(line -> line.startsWith(instruction + " "))
        .map(line -> line.substring(instruction.length() + 1))
        .toList();
  }

  @Test
  void bases_are_pinned_and_stages_named() {
    assertThat(of("FROM"))
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(
            from -> from.matches("\\S+:\\d+(\\.\\d+)+\\S* AS [a-z]+"), "NAME:VERSION AS STAGE");
  }

  @Test
  void it_copies_and_never_adds_and_what_it_copies_is_there() {
    assertThat(of("ADD")).isEmpty();
    for (String copy : of("COPY")) {
      if (copy.contains("--from=")) {
        continue;
      }
      List<String> parts =
          List.of(copy.split(" ")).stream().filter(part -> !part.startsWith("--")).toList();
      for (String source : parts.subList(0, parts.size() - 1)) {
        assertThat(source).as(copy).isNotEqualTo(".");
        assertThat(Yaml.ROOT.resolve(source)).as(copy).exists();
      }
    }
  }

  @Test
  void what_it_copies_is_not_ignored_and_all_modules_are_copied() throws IOException {
    Set<String> allowed = new TreeSet<>();
    for (String line : Files.readAllLines(FILE.resolveSibling("Dockerfile.dockerignore"))) {
      if (line.startsWith("!")) {
        allowed.add(line.substring(1));
      }
    }
    List<String> copied =
        of("COPY").stream()
            .filter(copy -> !copy.contains("--from="))
            .flatMap(
                copy -> {
                  List<String> parts =
                      List.of(copy.split(" ")).stream()
                          .filter(part -> !part.startsWith("--"))
                          .toList();
                  return parts.subList(0, parts.size() - 1).stream();
                })
            .toList();
    assertThat(copied)
        .allMatch(
            source -> allowed.stream().anyMatch(each -> (source + "/").startsWith(each + "/")));
    assertThat(Files.readString(Yaml.ROOT.resolve("pom.xml")).lines())
        .filteredOn(line -> line.strip().startsWith("<module>"))
        .allSatisfy(line -> assertThat(copied).contains(line.strip().replaceAll("</?module>", "")));
  }

  @Test
  void it_runs_as_a_numeric_user_who_is_not_root_and_is_that_of_compose() throws IOException {
    List<String> users = of("USER");
    assertThat(users).containsExactly("636:636");
    assertThat(Yaml.file("docker-compose.yml").at("services", "control-plane", "user").text())
        .isEqualTo(users.get(0));
    int user = indexOf("USER ");
    assertThat(user).isGreaterThan(indexOf("RUN apt-get")).isLessThan(indexOf("ENTRYPOINT "));
  }

  private int indexOf(String start) {
    for (int i = 0; i < instructions.size(); i++) {
      if (instructions.get(i).startsWith(start)) {
        return i;
      }
    }
    throw new AssertionError("no " + start);
  }

  @Test
  void packages_come_without_recommendations_and_leave_no_lists() {
    assertThat(of("RUN"))
        .filteredOn(run -> run.contains("apt-get install"))
        .isNotEmpty()
        .allMatch(run -> run.contains("apt-get update &&"))
        .allMatch(run -> run.contains("--no-install-recommends"))
        .allMatch(run -> run.contains("rm -rf /var/lib/apt/lists/*"));
    assertThat(of("RUN")).noneMatch(run -> run.contains("curl") || run.contains("sudo"));
  }

  @Test
  void it_says_what_it_is_and_how_it_is() {
    assertThat(String.join(" ", of("LABEL")))
        .contains(
            "org.opencontainers.image.title=",
            "org.opencontainers.image.version=",
            "org.opencontainers.image.revision=",
            "org.opencontainers.image.licenses=\"Apache-2.0\"");
    assertThat(of("HEALTHCHECK")).hasSize(1);
    Yaml check = exec(of("HEALTHCHECK").get(0).replaceFirst("^.* CMD ", ""));
    assertThat(check.texts().get(0)).isEqualTo("llmtrace");
    Commands.parses(check.texts().subList(1, check.list().size()));
  }

  @Test
  void processes_get_signals_because_no_shell_stands_between() throws IOException {
    assertThat(exec(of("ENTRYPOINT").get(0)).texts()).containsExactly("llmtrace");
    assertThat(exec(of("CMD").get(0)).texts()).containsExactly("--help");
    assertThat(Files.readString(FILE.resolveSibling("llmtrace"))).contains("\nexec ");
    assertThat(FILE.resolveSibling("llmtrace")).isExecutable();
  }

  @Test
  void nothing_secret_is_built_in() {
    assertThat(instructions)
        .noneMatch(line -> line.matches("(?i)(ARG|ENV) .*(password|secret|token|_key).*"));
  }

  @Test
  void its_java_has_the_modules_that_are_listed() throws IOException {
    assertThat(of("RUN"))
        .anyMatch(run -> run.startsWith("jlink") && run.contains("deploy/docker/jlink-modules"));
    Set<String> known = new TreeSet<>();
    ModuleLayer.boot().modules().forEach(module -> known.add(module.getName()));
    assertThat(Files.readAllLines(FILE.resolveSibling("jlink-modules")))
        .filteredOn(line -> !line.startsWith("#"))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(known).contains(line));
  }

  private static Yaml exec(String json) {
    return Yaml.documents(FILE.toString(), json).get(0);
  }
}
