package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExampleFileTest {
  private static final Map<String, String> ENV = Map.of("HOSTNAME", "gw-1");

  private final Path example = Path.of("..", "llmtrace.example.yaml");

  @Test
  void theExampleLoadsAndSaysTheDefaults() throws Exception {
    assertThat(ConfigFile.load(example, ENV))
        .isEqualTo(ConfigFile.parse("empty.yaml", "", ENV, ConfigFile.Role.BOTH));
  }

  @Test
  void everyCommentedKeyOfTheExampleIsAKeyToo() throws Exception {
    String all =
        Files.readString(example)
            .replaceAll("(?m)^( *)#- ", "$1")
            .replaceAll("file:[a-z]+/", "")
            .replaceAll("(?m)^ *packs: .*$", "")
            // Certificates are for an address with TLS.
            .replaceAll("control_plane_url: http:", "control_plane_url: https:");
    LlmtraceConfig config = ConfigFile.parse("example.yaml", all, ENV, ConfigFile.Role.BOTH);
    assertThat(config.alerts().channels())
        .extracting(each -> each.common().name())
        .containsExactly(
            "slack",
            "pagerduty",
            "webhook",
            "payments-oncall",
            "prometheus",
            "security-team",
            "mail");
    assertThat(config.alerts().escalationOnly()).containsExactly("mail");
    assertThat(config.alerts().rules()).hasSize(2);
    assertThat(config.metrics().token()).isNotNull();
    assertThat(config.controlPlane().database().url()).isNotNull();
    assertThat(config.controlPlane().oidc()).isNotNull();
    assertThat(config.plugin().apiKey()).isNotNull();
    assertThat(config.plugin().inspectKey()).isNotNull();
    assertThat(config.limits()).hasSize(3);
    assertThat(config.prices()).hasSize(2);
    assertThat(config.models()).hasSize(2);
    assertThat(config.models().get(1).spec().isCrossEncoder()).isTrue();
    assertThat(config.models().get(0).sha256()).isNotNull();
  }
}
