package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.sensitive.SensitiveSettings;
import io.llmtrace.policies.detect.sensitive.SensitiveSettings.Examples;
import java.util.List;

/**
 * {@code detection.sensitive}: which secrets and personal data are looked for.
 *
 * @param enable ids of kinds that are off by default
 * @param disable ids of kinds that are not looked for
 * @param countries ISO 3166-1 alpha-2 codes; empty for every country that is known
 * @param examples what becomes of documented examples and published test values
 */
public record SensitiveConfig(
    List<String> enable, List<String> disable, List<String> countries, Examples examples) {

  public SensitiveConfig {
    enable = List.copyOf(enable);
    disable = List.copyOf(disable);
    countries = List.copyOf(countries);
  }

  public static SensitiveConfig defaults() {
    return new SensitiveConfig(List.of(), List.of(), List.of(), Examples.IGNORED);
  }

  /** As the detector takes it. */
  public SensitiveSettings settings() {
    SensitiveSettings settings =
        SensitiveSettings.standard()
            .with(enable.toArray(String[]::new))
            .without(disable.toArray(String[]::new))
            .examples(examples);
    return countries.isEmpty() ? settings : settings.in(countries.toArray(String[]::new));
  }
}
