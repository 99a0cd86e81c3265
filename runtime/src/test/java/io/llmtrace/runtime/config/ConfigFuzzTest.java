package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Configuration and rules of alerts on any bytes: settings, or problems with their lines. No file
 * that a text names is opened. Fuzzed with {@code .ci/fuzz}.
 */
class ConfigFuzzTest {
  private static final Map<String, String> ENV = Map.of("NAME", "value");

  @FuzzTest(maxDuration = "10m")
  void configurations(byte[] bytes) {
    try {
      assertThat(ConfigFile.parse("fuzzed", text(bytes), ENV, ConfigFile.Role.TOOL)).isNotNull();
    } catch (ConfigException e) {
      hasPlaces(e);
    }
  }

  @FuzzTest(maxDuration = "10m")
  void alertRules(byte[] bytes) {
    try {
      assertThat(AlertRuleReader.read("fuzzed", text(bytes), ENV)).isNotNull();
    } catch (ConfigException e) {
      hasPlaces(e);
    }
  }

  private static void hasPlaces(ConfigException e) {
    assertThat(e.problems()).isNotEmpty().allMatch(each -> each.line() >= 1);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
