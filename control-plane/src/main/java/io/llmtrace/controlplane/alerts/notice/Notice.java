package io.llmtrace.controlplane.alerts.notice;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One step of an incident, to be told through a channel. It is kept as JSON until it is delivered.
 * It holds no text of prompts; samples are masked, and there only where the configuration allows
 * them. Immutable.
 *
 * @param id unique; what makes two deliveries of one notice the same one
 * @param kind what happened
 * @param incident ULID of the incident; what follow-ups are joined by
 * @param number of the step in its incident, from 1: notices of an incident are told in this order
 * @param rule name of the rule, such as {@code high_error_rate}
 * @param severity how bad the incident is at this step
 * @param tenant whose incident it is, or null where it is of the whole installation
 * @param labels what the incident is about, such as {@code route} and {@code model}; sorted by name
 * @param title one line
 * @param summary what happened and how bad it is, one to three sentences
 * @param traffic what was done to the traffic
 * @param score 0 to 100: the highest confidence of what was found; null where it says nothing
 * @param since when it began, by the data
 * @param at when this step was taken
 * @param by who took it, where a person did, or null
 * @param comment what that person wrote, or null
 * @param facts names and values to be shown, in this order
 * @param samples masked examples, at most three
 * @param links where to look and to act, by what they are for
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Notice(
    String id,
    Kind kind,
    String incident,
    long number,
    String rule,
    Severity severity,
    @Nullable String tenant,
    Map<String, String> labels,
    String title,
    String summary,
    String traffic,
    @Nullable Integer score,
    Instant since,
    Instant at,
    @Nullable String by,
    @Nullable String comment,
    List<Fact> facts,
    List<Sample> samples,
    Map<Link, URI> links) {

  public Notice {
    facts = List.copyOf(facts);
    samples = List.copyOf(samples);
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    links = Collections.unmodifiableSortedMap(new TreeMap<>(links));
  }

  /** What happened to the incident. */
  public enum Kind {
    /** It began, or began again. */
    FIRING,
    /** It goes on, and nobody has acknowledged it. */
    REMINDER,
    /** Nobody acknowledged it in time; these channels are told first now. */
    ESCALATED,
    ACKNOWLEDGED,
    COMMENTED,
    RESOLVED,
    /** Several notices in one, because there were too many. */
    DIGEST,
    /** Somebody tries the channel. */
    TEST;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The name used on the wire, for example {@code firing}. */
    @JsonValue
    public String label() {
      return label;
    }
  }

  /** What a link is for. */
  public enum Link {
    /** The incident's page; its buttons act, the page itself changes nothing. */
    INCIDENT,
    RUNBOOK,
    /** The rows that the incident is made of. */
    DATA;

    private final String label = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String label() {
      return label;
    }
  }

  /** A name and a value to be shown. */
  public record Fact(String name, String value) {}

  /**
   * An example of what was found.
   *
   * @param type such as {@code prompt_injection}
   * @param evidence masked
   * @param decisionId the exchange
   */
  public record Sample(String type, String evidence, String decisionId) {}
}
