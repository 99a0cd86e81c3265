package io.llmtrace.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.runtime.config.LlmtraceConfig;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of a route's settings in {@code gateway-config/README.md} is what is read. */
class RouteSettingsDocTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z_]+)` \\|");

  @Test
  void theTableListsTheSettingsThatAreReadAndNoOther() throws Exception {
    String page = Files.readString(MarkdownPage.REPOSITORY.resolve("gateway-config/README.md"));
    String section = page.split("(?m)^## The settings of a route$", 2)[1].split("(?m)^## ", 2)[0];

    List<String> listed = ROW.matcher(section).results().map(row -> row.group(1)).toList();

    assertThat(listed).containsExactlyElementsOf(RouteConfReader.KEYS);
  }

  @Test
  void eachSettingIsReadAndASlipIsToldWithWhatWasMeant() {
    RouteConfReader reader = RouteConfReader.of(LlmtraceConfig.defaults().plugin());
    for (String key : RouteConfReader.KEYS) {
      // No setting takes a number beyond the longest budget: each is read, and says what it wants.
      RouteConf read = reader.read(List.of(Map.entry("llmtrace", "{\"" + key + "\":99999999}")));
      assertThat(read.problems())
          .as(key)
          .singleElement()
          .asString()
          .startsWith(key + ": ")
          .doesNotContain("unknown key");
    }

    assertThat(reader.read(List.of(Map.entry("llmtrace", "{\"moode\":\"enforce\"}"))).problems())
        .containsExactly("moode: unknown key (did you mean mode?)");
  }
}
