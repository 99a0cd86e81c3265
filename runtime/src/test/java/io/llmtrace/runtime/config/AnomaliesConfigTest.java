package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.runtime.config.AnomaliesConfig.Sensitivity;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnomaliesConfigTest {
  @Test
  void whatIsSaidIsReadAndTheRestIsAsShipped() throws Exception {
    assertThat(
            read(
                """
                control_plane:
                  anomalies:
                    enabled: false
                    sensitivity: high
                    lookback_weeks: 8
                    minimum_cost_usd: 0.5
                """))
        .isEqualTo(new AnomaliesConfig(false, Sensitivity.HIGH, 8, 0.5, 50_000, 50));
    assertThat(read("control_plane:\n  port: 1\n")).isEqualTo(AnomaliesConfig.defaults());
  }

  @Test
  void whatIsWrongIsNamedWithWhatWouldBeRight() {
    assertThatThrownBy(
            () ->
                read(
                    "control_plane: {anomalies: {sensitivity: extreme, lookback_weeks: 9,"
                        + " minimum_cost_usd: -1, minimum: 1}}"))
        .hasMessageContaining(
            "anomalies.sensitivity: expected one of low, medium, high, was \"extreme\"")
        .hasMessageContaining("anomalies.lookback_weeks: expected an integer from 2 to 8")
        .hasMessageContaining("anomalies.minimum_cost_usd: expected a number from 0")
        .hasMessageContaining("anomalies.minimum: unknown key");
  }

  private static AnomaliesConfig read(String yaml) throws ConfigException {
    return ConfigFile.parse("f.yaml", yaml, Map.of(), ConfigFile.Role.BOTH)
        .controlPlane()
        .anomalies();
  }
}
