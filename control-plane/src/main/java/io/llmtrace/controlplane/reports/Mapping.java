package io.llmtrace.controlplane.reports;

import com.fasterxml.jackson.annotation.JsonValue;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/**
 * What of a framework LLMTrace has something to show for.
 *
 * @param title of the report
 * @param scope what it is about and what it is not
 * @param controls in the framework's order
 * @param unmapped types of finding that stand for none of its controls; of OWASP alone
 */
record Mapping(String title, String scope, List<Control> controls, List<String> unmapped) {

  /** How much of a control the evidence can show at best. */
  enum Covers {
    /** All of what can be shown by records of this kind. */
    WHOLE,
    /** A part; the limits say what is missing. */
    PART,
    NOTHING;

    @JsonValue
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A control, in our own words.
   *
   * @param id as the framework has it
   * @param facts names of {@link Facts}
   * @param limits what these do not show
   */
  record Control(String id, String title, Covers covers, List<String> facts, String limits) {}

  /**
   * Reads the mapping of a framework.
   *
   * @throws IllegalStateException when the jar lacks it
   */
  static Mapping of(ReportKind kind) {
    String name = kind.label() + ".json";
    try (InputStream in = Mapping.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return WireJson.mapper().readValue(in, Mapping.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
