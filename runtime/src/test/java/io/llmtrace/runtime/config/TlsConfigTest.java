package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TlsConfigTest {
  private static LlmtraceConfig read(String yaml) throws ConfigException {
    return ConfigFile.parse("test.yaml", yaml, Map.of(), ConfigFile.Role.BOTH);
  }

  @Test
  void filesOfBothSidesAreRead() throws Exception {
    LlmtraceConfig config =
        read(
            """
            control_plane:
              tls: {certificate: a.crt, private_key: a.key, client_ca: ca.crt}
            plugin:
              control_plane_url: https://cp.example
              control_plane_tls: {ca: ca.crt, certificate: b.crt, private_key: b.key}
            """);
    assertThat(config.controlPlane().tls())
        .isEqualTo(new TlsConfig(Path.of("a.crt"), Path.of("a.key"), Path.of("ca.crt")));
    assertThat(config.plugin().controlPlaneTls())
        .isEqualTo(new TlsConfig(Path.of("b.crt"), Path.of("b.key"), Path.of("ca.crt")));
    assertThat(read("{}").controlPlane().tls().isPresent()).isFalse();
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(() -> read("control_plane: {tls: {certificate: a.crt}}"))
        .hasMessageContaining(
            "control_plane.tls.certificate: expected certificate and private_key");
    assertThatThrownBy(() -> read("control_plane: {tls: {client_ca: ca.crt}}"))
        .hasMessageContaining("control_plane.tls.client_ca: expected certificate");
    assertThatThrownBy(() -> read("plugin: {control_plane_tls: {ca: ca.crt}}"))
        .hasMessageContaining("plugin.control_plane_url: expected an https address");
    assertThatThrownBy(() -> read("plugin: {control_plane_tls: {chain: ca.crt}}"))
        .hasMessageContaining("plugin.control_plane_tls.chain");
  }
}
