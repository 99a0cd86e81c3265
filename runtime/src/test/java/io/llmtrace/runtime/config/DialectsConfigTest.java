package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DialectsConfigTest {
  private static final String MAPPING =
      "- name: %s\n  request: {segments: [{zone: user, pointer: /q}]}\n";

  @TempDir Path directory;

  @Test
  void mappings_of_all_files_are_known_beside_the_products_dialects() throws Exception {
    Path one = file("one.yaml", MAPPING.formatted("acme") + MAPPING.formatted("acme_batch"));
    Path two = file("two.yaml", MAPPING.formatted("umbrella"));
    LlmtraceConfig config = read(ConfigFile.Role.PLUGIN, one, two);
    assertThat(config.plugin().dialects().labels())
        .contains("openai_chat", "acme", "acme_batch", "umbrella");
  }

  @Test
  void the_control_plane_and_tools_open_no_mapping() throws Exception {
    Path absent = directory.resolve("absent.yaml");
    for (ConfigFile.Role role : List.of(ConfigFile.Role.CONTROL_PLANE, ConfigFile.Role.TOOL)) {
      assertThat(read(role, absent).plugin().dialects().labels()).contains("openai_chat");
    }
  }

  @Test
  void every_wrong_file_is_refused_with_its_place() throws Exception {
    Path taken = file("taken.yaml", MAPPING.formatted("acme"));
    Path again = file("again.yaml", "\n" + MAPPING.formatted("acme"));
    Path builtIn = file("built-in.yaml", MAPPING.formatted("gemini"));
    Path wrong = file("wrong.yaml", MAPPING.formatted("x") + "  answer:\n    modell: /m\n");
    Path absent = directory.resolve("absent.yaml");
    assertThat(problems(taken, again, builtIn, wrong, absent, taken))
        .containsExactly(
            "llmtrace.yaml:6: plugin.dialects[4]: expected a file that exists at " + absent,
            "llmtrace.yaml:7: plugin.dialects[5]: expected each file once, it is also"
                + " plugin.dialects[0]",
            again + ":2: name: expected different names, 'acme' is also in " + taken + ":1",
            builtIn
                + ":1: [0].name: expected a name of its own, 'gemini' is a dialect of the product",
            wrong
                + ":4: [0].answer.modell: unknown key, expected one of end, error, finish_reason,"
                + " model, segments, stream_format, tools, uninspected, usage");
  }

  private List<String> problems(Path... files) {
    ConfigException refused =
        catchThrowableOfType(ConfigException.class, () -> read(ConfigFile.Role.BOTH, files));
    return refused.problems().stream().map(ConfigProblem::toString).toList();
  }

  private static LlmtraceConfig read(ConfigFile.Role role, Path... files) throws ConfigException {
    StringBuilder yaml = new StringBuilder("plugin: {dialects: [\n");
    for (Path file : files) {
      yaml.append(file).append(",\n");
    }
    return ConfigFile.parse("llmtrace.yaml", yaml + "]}", Map.of("HOSTNAME", "gw-1"), role);
  }

  private Path file(String name, String yaml) throws IOException {
    return Files.writeString(directory.resolve(name), yaml);
  }
}
