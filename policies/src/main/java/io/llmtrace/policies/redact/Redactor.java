package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.redact.Redaction.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Replaces spans of a body by placeholders; all other bytes stay as they are. Stateless, linear in
 * the body, and never half done: either every finding's span is replaced or there is a reason.
 *
 * <p>Spans that overlap or touch are one. In a text that is JSON itself (the arguments of a tool
 * call) only what a span covers of its strings and numbers is replaced, never half an escape; a
 * number becomes a string there, because a placeholder is none. A body with doubled keys is taken
 * the same way, so that each of the values is replaced.
 */
public final class Redactor {
  private Redactor() {}

  /**
   * Redacts a body.
   *
   * @param body without a content encoding; not changed
   * @param segments the texts that were read in it
   * @param findings what is to be replaced
   * @param numbering gives the placeholders their numbers
   * @param mostBytes how long the new body may be
   * @param budget when it must be done; a spent one gives {@link Reason#BUDGET}
   */
  public static Redaction redact(
      byte[] body,
      List<Segment> segments,
      List<Finding> findings,
      Numbering numbering,
      int mostBytes,
      InspectionBudget budget) {
    try {
      return attempt(body, segments, findings, numbering, mostBytes, budget);
    } catch (OutOfTimeException e) {
      return new Redaction.Refused(Reason.BUDGET);
    } catch (CharacterCodingException e) {
      return new Redaction.Refused(Reason.ENCODING);
    }
  }

  private static Redaction attempt(
      byte[] body,
      List<Segment> segments,
      List<Finding> findings,
      Numbering numbering,
      int mostBytes,
      InspectionBudget budget)
      throws CharacterCodingException {
    OutOfTimeException.check(budget);
    for (Finding finding : findings) {
      if (finding.start() < 0 || finding.end() <= finding.start()) {
        return new Redaction.Refused(Reason.NO_SPAN);
      }
    }
    Targets targets = Targets.of(segments, findings).orElse(null);
    if (targets == null) {
      return new Redaction.Refused(Reason.NOT_LOCATED);
    }
    String document = utf8(body);
    Fitting fitting = new Fitting(budget);
    Layer whole = Layer.document(document);
    boolean json =
        new Locating(whole, budget, (layer, target) -> fitting.fit(layer, target.spans))
            .walk(targets.root());
    Targets.Target all = targets.root().target(document).orElse(null);
    if (all != null) {
      if (!json && JsonScan.beginsAsContainer(document)) {
        return new Redaction.Refused(Reason.UNPARSABLE);
      }
      all.found = true;
      fitting.fit(whole, all.spans);
    }
    if (targets.inside() && !json) {
      // No encoding of JSON but UTF-8 gets here as JSON.
      return new Redaction.Refused(Reason.ENCODING);
    }
    if (!targets.allFound()) {
      return new Redaction.Refused(Reason.NOT_LOCATED);
    }
    OutOfTimeException.check(budget);
    return written(document, fitting.places(), segments, numbering, mostBytes);
  }

  private static Redaction written(
      String document,
      List<Place> places,
      List<Segment> segments,
      Numbering numbering,
      int mostBytes) {
    Map<Numbering.Value, Integer> numbers = new LinkedHashMap<>();
    List<Numbering.Value> values = new ArrayList<>();
    Map<String, BitSet> used = new HashMap<>();
    for (Place place : places) {
      Numbering.Value value = new Numbering.Value(place.kind(), place.value(document));
      values.add(value);
      numbers.put(value, 0);
      used.computeIfAbsent(place.kind(), kind -> new BitSet());
    }
    segments.forEach(segment -> Placeholder.mark(segment.text(), used));
    List<Integer> given =
        numbering.number(
            List.copyOf(numbers.keySet()),
            (kind, number) -> used.getOrDefault(kind, new BitSet()).get(number));
    if (given.size() < numbers.size()) {
      return new Redaction.Refused(Reason.TOO_LARGE);
    }
    int next = 0;
    for (Map.Entry<Numbering.Value, Integer> entry : numbers.entrySet()) {
      entry.setValue(given.get(next++));
    }
    StringBuilder out = new StringBuilder(document.length() + 16 * places.size());
    Map<String, String> stands = new LinkedHashMap<>();
    int done = 0;
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      Numbering.Value value = values.get(i);
      String placeholder = Placeholder.of(value.kind(), numbers.getOrDefault(value, 0));
      String quote = place.quote();
      out.append(document, done, place.start()).append(quote).append(placeholder).append(quote);
      done = place.end();
      stands.put(placeholder, value.text());
    }
    out.append(document, done, document.length());
    byte[] bytes = out.toString().getBytes(StandardCharsets.UTF_8);
    return bytes.length > mostBytes
        ? new Redaction.Refused(Reason.TOO_LARGE)
        : new Redaction.Redacted(bytes, places.size(), stands);
  }

  /** The text of UTF-8 that is valid throughout, so that its bytes come back from it. */
  static String utf8(byte[] body) throws CharacterCodingException {
    String text = new String(body, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0) {
      // Written by the client, or put there for what is no UTF-8: the strict decoder knows.
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
    }
    return text;
  }
}
