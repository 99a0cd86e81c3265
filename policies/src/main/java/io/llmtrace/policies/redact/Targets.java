package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The texts of a document that have spans, by the steps of their JSON Pointers. */
final class Targets {
  /*
   * A pointer may have two texts, the name of a field and its value, and a finding does not say
   * which it means: a span that fits in both is replaced in both.
   */

  /** A text, and what is to be replaced in it. */
  static final class Target {
    final String text;
    final List<Span> spans;
    final int codePoints;
    boolean found;

    Target(String text, List<Span> spans) {
      this.text = text;
      this.spans = spans;
      this.codePoints = text.codePointCount(0, text.length());
    }
  }

  /** A step of pointers: an element's index or a field's name. */
  static final class Node {
    private final Map<String, Node> children = new HashMap<>();
    private final List<Target> targets = new ArrayList<>();

    @Nullable Node child(String step) {
      return children.get(step);
    }

    /** The text that a string of the document is, if it is one of those here. */
    Optional<Target> target(String text) {
      return targets.stream().filter(target -> target.text.equals(text)).findFirst();
    }

    boolean hasTargets() {
      return !targets.isEmpty();
    }
  }

  private final Node root = new Node();
  private final List<Target> all = new ArrayList<>();

  /** Empty where a finding has no text that it fits in. */
  static Optional<Targets> of(List<Segment> segments, List<Finding> findings) {
    Map<String, List<Finding>> byPointer = new LinkedHashMap<>();
    findings.forEach(
        finding ->
            byPointer.computeIfAbsent(finding.pointer(), p -> new ArrayList<>()).add(finding));
    Targets targets = new Targets();
    for (Segment segment : segments) {
      List<Finding> here = byPointer.get(segment.pointer());
      if (here != null) {
        targets.add(segment, here);
      }
    }
    for (List<Finding> here : byPointer.values()) {
      Node node = targets.node(here.get(0).pointer());
      for (Finding finding : here) {
        boolean fits = node.targets.stream().anyMatch(t -> finding.end() <= t.codePoints);
        if (!fits) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(targets);
  }

  private void add(Segment segment, List<Finding> findings) {
    Node node = node(segment.pointer());
    if (node.target(segment.text()).isPresent()) {
      return;
    }
    List<Span> spans = Span.of(segment.text(), findings);
    if (!spans.isEmpty()) {
      Target target = new Target(segment.text(), spans);
      node.targets.add(target);
      all.add(target);
    }
  }

  private Node node(String pointer) {
    Node node = root;
    if (!pointer.isEmpty()) {
      for (String step : pointer.substring(1).split("/", -1)) {
        String name = step.replace("~1", "/").replace("~0", "~");
        node = node.children.computeIfAbsent(name, n -> new Node());
      }
    }
    return node;
  }

  Node root() {
    return root;
  }

  /** Whether any text below the document itself has spans. */
  boolean inside() {
    return !root.children.isEmpty();
  }

  boolean allFound() {
    return all.stream().allMatch(target -> target.found);
  }
}
