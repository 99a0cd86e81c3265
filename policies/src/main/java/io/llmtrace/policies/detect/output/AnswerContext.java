package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is kept of a question until its answer comes: fingerprints, at most some 350 KB, mostly a
 * few. Texts are kept where a cross-encoder is to hold the answer against them, and only those of
 * {@link #sources()}. Immutable, so that it may wait for an answer in any thread.
 */
public final class AnswerContext {
  private static final int MOST_WORDS = 16_384;

  /** What the objects around the fingerprints take. */
  private static final int OBJECT_BYTES = 256;

  /** Words in a row that data in an address has to share with the conversation. */
  static final int OVERLAP = 3;

  private static final AnswerContext NONE =
      new AnswerContext(
          PromptPrint.EMPTY,
          TextPrint.EMPTY,
          TextPrint.EMPTY,
          Sources.NONE,
          Optional.empty(),
          Set.of());

  private final PromptPrint prompt;
  private final TextPrint entrusted;
  private final TextPrint ofUser;
  private final Sources sources;
  private final Optional<CanaryTokens> canaries;
  private final Set<String> allowedHosts;

  private AnswerContext(
      PromptPrint prompt,
      TextPrint entrusted,
      TextPrint ofUser,
      Sources sources,
      Optional<CanaryTokens> canaries,
      Set<String> allowedHosts) {
    this.prompt = prompt;
    this.entrusted = entrusted;
    this.ofUser = ofUser;
    this.sources = sources;
    this.canaries = canaries;
    this.allowedHosts = allowedHosts;
  }

  /** For an answer whose question is not known. */
  public static AnswerContext unknown() {
    return NONE;
  }

  /** Takes the fingerprints of a question; a spent budget makes them shorter. */
  public static AnswerContext of(Exchange question, InspectionBudget budget) {
    return of(question, 0, budget);
  }

  /**
   * The same with the documents and results of tools of the question.
   *
   * @param sourceBytes memory that they may take, the newest first; 0 keeps none of their text
   */
  public static AnswerContext of(Exchange question, int sourceBytes, InspectionBudget budget) {
    List<String> system = new ArrayList<>();
    List<String> user = new ArrayList<>();
    List<String> entrusted = new ArrayList<>();
    for (Segment segment : question.segments()) {
      Zone zone = segment.zone();
      if (zone == Zone.SYSTEM) {
        system.add(segment.text());
        entrusted.add(segment.text());
      } else if (zone == Zone.USER) {
        user.add(segment.text());
      } else if (zone == Zone.TOOL_RESULT || zone == Zone.DOCUMENT) {
        entrusted.add(segment.text());
      }
    }
    TextPrint said =
        system.isEmpty()
            ? TextPrint.EMPTY
            : TextPrint.of(user, PromptPrint.LENGTH, MOST_WORDS, budget);
    return new AnswerContext(
        system.isEmpty() ? PromptPrint.EMPTY : PromptPrint.of(system, said, budget),
        TextPrint.of(entrusted, OVERLAP, MOST_WORDS, budget),
        TextPrint.of(user, OVERLAP, MOST_WORDS, budget),
        sourceBytes == 0 ? Sources.NONE : Sources.of(question.segments(), sourceBytes),
        Optional.empty(),
        Set.of());
  }

  /** About how much memory it takes, bytes. */
  public int bytes() {
    return OBJECT_BYTES + prompt.bytes() + entrusted.bytes() + ofUser.bytes() + sources.bytes();
  }

  /** The same with the tenant's canary tokens, so that they are recognised in the answer. */
  public AnswerContext withCanaries(CanaryTokens tokens) {
    return new AnswerContext(prompt, entrusted, ofUser, sources, Optional.of(tokens), allowedHosts);
  }

  /**
   * The same with the only hosts that links and images may lead to; subdomains are allowed with
   * them. An empty set allows all.
   */
  public AnswerContext withAllowedHosts(Set<String> hosts) {
    Set<String> lower = new HashSet<>();
    hosts.forEach(host -> lower.add(Letters.lower(host)));
    return new AnswerContext(prompt, entrusted, ofUser, sources, canaries, Set.copyOf(lower));
  }

  /** What the answer can be grounded in; none unless it was asked for. */
  public Sources sources() {
    return sources;
  }

  PromptPrint prompt() {
    return prompt;
  }

  /** Sequences of what the client and its tools entrusted to the model. */
  TextPrint entrusted() {
    return entrusted;
  }

  TextPrint ofUser() {
    return ofUser;
  }

  Optional<CanaryTokens> canaries() {
    return canaries;
  }

  boolean limitsHosts() {
    return !allowedHosts.isEmpty();
  }

  boolean allows(String host) {
    String name = Letters.lower(host);
    while (!name.isEmpty()) {
      if (allowedHosts.contains(name)) {
        return true;
      }
      int dot = name.indexOf('.');
      name = dot < 0 ? "" : name.substring(dot + 1);
    }
    return false;
  }
}
