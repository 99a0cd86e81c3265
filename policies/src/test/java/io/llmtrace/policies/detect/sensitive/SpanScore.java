package io.llmtrace.policies.detect.sensitive;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Scores the recognisers on a file of labelled spans: {@code {id, text, spans: [{start, end,
 * type}], kind}} a line, places in code points. A main for people; {@code docs/measurements.md} has
 * the command.
 *
 * <p>Arguments: the file; {@code names} to look for names of people too (else their labels are left
 * out); {@code normalised} to read the forms of each text too; {@code -v} to print what is wrong.
 */
public final class SpanScore {
  private record Span(int start, int end, String type) {}

  private static final class Count {
    private int right;
    private int wrong;
    private int missed;

    double f1() {
      return right == 0 ? 0 : 2.0 * right / (2.0 * right + wrong + missed);
    }

    @Override
    public String toString() {
      return String.format(
          "F1 %.4f  precision %.4f  recall %.4f  (right %d, wrong %d, missed %d)",
          f1(),
          right == 0 ? 0 : (double) right / (right + wrong),
          right == 0 ? 0 : (double) right / (right + missed),
          right,
          wrong,
          missed);
    }
  }

  private SpanScore() {}

  public static void main(String[] arguments) throws IOException {
    Set<String> options = Set.of(arguments);
    boolean names = options.contains("names");
    SensitiveSettings settings = SensitiveSettings.standard();
    SensitiveDetector detector =
        new SensitiveDetector(names ? settings.with("person_name") : settings);
    ObjectMapper json = new ObjectMapper();
    Map<String, Count> exact = new TreeMap<>();
    Map<String, Count> kinds = new TreeMap<>();
    Count overlap = new Count();
    int negatives = 0;
    int alarms = 0;
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      JsonNode row = json.readTree(line);
      String text = row.get("text").asText();
      List<Span> wanted = new ArrayList<>();
      for (JsonNode span : row.get("spans")) {
        String type = span.get("type").asText();
        if (names || !type.equals("person_name")) {
          wanted.add(new Span(span.get("start").asInt(), span.get("end").asInt(), type));
        }
      }
      List<Span> found = find(detector, text, options.contains("normalised"));
      Count kind = kinds.computeIfAbsent(row.get("kind").asText(), key -> new Count());
      Set<Span> hits = new HashSet<>(wanted);
      hits.retainAll(new HashSet<>(found));
      count(wanted, found, hits, exact, kind);
      overlap(wanted, found, overlap);
      if (row.get("kind").asText().equals("hard_negative")) {
        negatives++;
        alarms += found.isEmpty() ? 0 : 1;
      }
      if (options.contains("-v")
          && !(hits.size() == wanted.size() && hits.size() == found.size())) {
        show(text, wanted, found, hits);
      }
    }
    Count all = new Count();
    exact.values().forEach(c -> add(all, c));
    exact.forEach((type, c) -> System.out.printf("%-26s %s%n", type, c));
    kinds.forEach((kind, c) -> System.out.printf("rows %-21s %s%n", kind, c));
    System.out.printf("%-26s %s%n", "overlap", overlap);
    System.out.printf("%-26s %s%n", "exact", all);
    System.out.printf("hard negatives with a finding: %d of %d%n", alarms, negatives);
  }

  private static List<Span> find(SensitiveDetector detector, String text, boolean normalised) {
    Segment segment = new Segment(Zone.USER, "user", "", text);
    InspectionBudget budget = InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
    SegmentReading reading =
        normalised ? Normaliser.read(segment, budget) : SegmentReading.asItStands(segment);
    List<Finding> findings = new ArrayList<>();
    detector.detect(reading, budget, findings::add);
    return findings.stream().map(f -> new Span(f.start(), f.end(), f.rule())).toList();
  }

  private static void count(
      List<Span> wanted, List<Span> found, Set<Span> hits, Map<String, Count> types, Count kind) {
    for (Span span : wanted) {
      Count type = types.computeIfAbsent(span.type(), key -> new Count());
      if (hits.contains(span)) {
        type.right++;
        kind.right++;
      } else {
        type.missed++;
        kind.missed++;
      }
    }
    for (Span span : found) {
      if (!hits.contains(span)) {
        types.computeIfAbsent(span.type(), key -> new Count()).wrong++;
        kind.wrong++;
      }
    }
  }

  private static void overlap(List<Span> wanted, List<Span> found, Count count) {
    Set<Span> used = new HashSet<>();
    for (Span span : wanted) {
      boolean hit = false;
      for (Span other : found) {
        if (!used.contains(other)
            && other.type().equals(span.type())
            && other.start() < span.end()
            && span.start() < other.end()) {
          used.add(other);
          hit = true;
          break;
        }
      }
      if (hit) {
        count.right++;
      } else {
        count.missed++;
      }
    }
    count.wrong += found.size() - used.size();
  }

  private static void add(Count sum, Count part) {
    sum.right += part.right;
    sum.wrong += part.wrong;
    sum.missed += part.missed;
  }

  private static void show(String text, List<Span> wanted, List<Span> found, Set<Span> hits) {
    int[] points = text.codePoints().toArray();
    System.out.println(text.replace("\n", "\\n"));
    wanted.stream()
        .filter(s -> !hits.contains(s))
        .forEach(
            s ->
                System.out.println(
                    "   missed "
                        + s.type()
                        + " "
                        + new String(points, s.start(), s.end() - s.start())));
    found.stream()
        .filter(s -> !hits.contains(s))
        .forEach(
            s ->
                System.out.println(
                    "   wrong  "
                        + s.type()
                        + " "
                        + new String(points, s.start(), s.end() - s.start())));
  }
}
