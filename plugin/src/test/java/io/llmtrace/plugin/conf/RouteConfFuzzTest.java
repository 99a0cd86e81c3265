package io.llmtrace.plugin.conf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.runtime.config.OnUninspectable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A route's settings on any bytes: never a failure. Fuzzed with {@code .ci/fuzz}. */
class RouteConfFuzzTest {
  private static final RouteConfReader READER = new RouteConfReader(150, OnUninspectable.PASS);

  @FuzzTest(maxDuration = "10m")
  void values(byte[] bytes) {
    String value = new String(bytes, StandardCharsets.UTF_8);
    RouteConf conf = READER.read(List.of(Map.entry(RouteConf.CONF_NAME, value)));
    assertThat(conf.tenant()).isNotEmpty();
  }
}
