package io.llmtrace.controlplane.reports;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is stored about a tenant and a time, by controls.
 *
 * @param notice what a report is and is not
 * @param scope what it is about
 * @param tenant whose; absent where it is of all that the caller may see
 * @param from first day (UTC)
 * @param until the day after the last
 * @param madeAt RFC 3339
 * @param facts by name; controls refer to them
 * @param unmapped types of finding that stand for no control; of OWASP alone
 */
public record Report(
    String kind,
    String title,
    String notice,
    String scope,
    @Nullable String tenant,
    String from,
    String until,
    String madeAt,
    List<ControlShown> controls,
    Map<String, Fact> facts,
    List<String> unmapped) {

  /** What stands at the head of each report. */
  static final String NOTICE =
      "Evidence to support an audit, from what LLMTrace has recorded. It is not a certificate, and"
          + " does not say that anybody complies with anything.";

  /**
   * A control.
   *
   * @param status {@code evidence}: records are there; {@code partial}: they show a part of it;
   *     {@code no_data}: there are none of this time; {@code not_covered}: LLMTrace has nothing to
   *     show
   * @param facts names of the facts that speak for it
   * @param limits what these do not show
   */
  public record ControlShown(
      String id, String title, String status, List<String> facts, String limits) {}

  /**
   * Something that is recorded.
   *
   * @param hasData whether there is any of this time
   * @param numbers by name, texts where they say how things are set
   * @param method where the numbers come from, and what they leave out
   */
  public record Fact(String title, boolean hasData, Map<String, Object> numbers, String method) {}

  static String status(Mapping.Control control, Map<String, Fact> facts) {
    if (control.covers() == Mapping.Covers.NOTHING) {
      return "not_covered";
    }
    long there = control.facts().stream().filter(name -> hasData(facts.get(name))).count();
    if (there == 0) {
      return "no_data";
    }
    return control.covers() == Mapping.Covers.WHOLE && there == control.facts().size()
        ? "evidence"
        : "partial";
  }

  private static boolean hasData(@Nullable Fact fact) {
    return fact != null && fact.hasData();
  }
}
