package io.llmtrace.policies.detect.signatures;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Counts what each built-in rule hits on labelled texts, and sets the rules' confidence from it.
 *
 * <pre>
 * RuleMeasure DATA.jsonl [--split NAME] [--show RULE] [--missed CATEGORY] [--write PACKS_FOLDER]
 * </pre>
 *
 * Rows are {@code {text, label: attack|benign, category, zone, split_kind}}. See
 * policies/training/README.md.
 */
public final class RuleMeasure {
  /** Hits that a pack's own precision counts for in the estimate of each of its rules. */
  private static final double PRIOR_HITS = 8;

  /** Precision assumed of rules for which the data has no case at all, as in tool calls. */
  private static final double UNMEASURED = 0.75;

  /** Packs that the labels of the data say nothing about. */
  private static final Set<String> NOT_MEASURED = Set.of("insecure-code", "sensitive");

  /** Attack rows that a pack must have hit before its own precision is believed. */
  private static final int FEWEST_MEASURED = 20;

  private static final double HIGHEST = 0.98;
  private static final double HIGHEST_WEAK = 0.5;

  /** What a rule hit. */
  private static final class Hits {
    int attack;
    int benign;
    final Map<String, Integer> where = new TreeMap<>();

    int all() {
      return attack + benign;
    }
  }

  private final Map<String, Hits> ofRule = new HashMap<>();
  private final Map<String, int[]> ofCategory = new TreeMap<>();
  private final SignatureDetector detector =
      new SignatureDetector(SignaturePack.builtIn(), SignatureEngine.AHO_CORASICK);
  private final String show;
  private final String missed;

  private RuleMeasure(String show, String missed) {
    this.show = show;
    this.missed = missed;
  }

  /** Runs. */
  public static void main(String[] args) throws IOException {
    Map<String, String> options = new HashMap<>();
    for (int i = 1; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    RuleMeasure measure =
        new RuleMeasure(options.getOrDefault("--show", ""), options.getOrDefault("--missed", ""));
    measure.read(Path.of(args[0]), options.getOrDefault("--split", ""));
    measure.print();
    if (options.containsKey("--write")) {
      measure.write(Path.of(options.get("--write")));
    }
  }

  private void read(Path data, String split) throws IOException {
    ObjectMapper json = new ObjectMapper();
    try (BufferedReader lines = Files.newBufferedReader(data)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        if (split.isEmpty() || row.path("split_kind").asText().equals(split)) {
          read(row);
        }
      }
    }
  }

  private void read(JsonNode row) {
    boolean attack = row.path("label").asText().equals("attack");
    String category = (attack ? "attack " : "benign ") + row.path("category").asText();
    Zone zone = Zone.of(row.path("zone").asText());
    List<Finding> findings = findings(row.path("text").asText(), zone);
    double best = 0;
    Set<String> rules = new HashSet<>();
    for (Finding finding : findings) {
      boolean flags = finding.severity().atLeast(Severity.MEDIUM) && isAttack(finding);
      best = Math.max(best, flags ? finding.confidence() : 0);
      if (rules.add(finding.rule())) {
        count(finding, attack, category + "/" + zone.label());
      }
      if (finding.rule().matches(show) && !attack) {
        System.out.println("  " + finding.rule() + " | " + category + " | " + finding.evidence());
      }
    }
    if (!attack
        && zone == Zone.TOOL_RESULT
        && row.path("category").asText().equals("tool_output")) {
      // There are no tool calls in the data; what tools answered resembles what they were asked.
      for (Finding finding : findings(row.path("text").asText(), Zone.TOOL_CALL)) {
        count(finding, false, category + "/tool_call");
      }
    }
    int[] sums = ofCategory.computeIfAbsent(category, c -> new int[4]);
    sums[0]++;
    sums[1] += best >= 0.8 ? 1 : 0;
    sums[2] += best >= 0.5 ? 1 : 0;
    sums[3] += findings.isEmpty() ? 0 : 1;
    if (attack && best < 0.5 && category.equals("attack " + missed)) {
      String text = row.path("text").asText().replace('\n', '⏎');
      System.out.println(
          "  missed | " + zone.label() + " | " + text.substring(0, Math.min(text.length(), 300)));
    }
  }

  private static boolean isAttack(Finding finding) {
    return switch (finding.type()) {
      case SECRET_LEAKAGE, PII_DETECTED -> false;
      default -> true;
    };
  }

  private void count(Finding finding, boolean attack, String where) {
    Hits hits = ofRule.computeIfAbsent(finding.rule(), r -> new Hits());
    if (attack) {
      hits.attack++;
    } else {
      hits.benign++;
    }
    hits.where.merge(where, 1, Integer::sum);
  }

  private List<Finding> findings(String text, Zone zone) {
    List<Finding> findings = new ArrayList<>();
    InspectionBudget unlimited = InspectionBudget.until(1, () -> 0);
    detector.detect(
        Normaliser.read(new Segment(zone, "", "", text), unlimited), unlimited, findings::add);
    return findings;
  }

  private void print() {
    System.out.println("rule\tattack\tbenign\tconfidence\twhere");
    for (SignatureRule rule : SignaturePack.builtIn().rules()) {
      Hits hits = ofRule.getOrDefault(rule.id(), new Hits());
      System.out.printf(
          Locale.ROOT,
          "%s\t%d\t%d\t%.2f\t%s%n",
          rule.id(),
          hits.attack,
          hits.benign,
          rule.confidence(),
          hits.where);
    }
    System.out.println("category\trows\t>=0.8\t>=0.5\tany rule");
    int[] attack = new int[4];
    int[] benign = new int[4];
    ofCategory.forEach(
        (category, sums) -> {
          print(category, sums);
          int[] total = category.startsWith("attack") ? attack : benign;
          for (int i = 0; i < total.length; i++) {
            total[i] += sums[i];
          }
        });
    print("all attack", attack);
    print("all benign", benign);
  }

  private static void print(String name, int[] sums) {
    double rows = Math.max(1, sums[0]);
    System.out.printf(
        Locale.ROOT,
        "%s\t%d\t%.4f\t%.4f\t%.4f%n",
        name,
        sums[0],
        sums[1] / rows,
        sums[2] / rows,
        sums[3] / rows);
  }

  /** Writes each rule's confidence into the packs. */
  private void write(Path folder) throws IOException {
    for (String pack : SignaturePack.BUILT_IN) {
      if (NOT_MEASURED.contains(pack)) {
        continue;
      }
      Path file = folder.resolve(pack + ".yaml");
      List<SignatureRule> rules =
          PackReader.read(pack, Files.readString(file), PackReader.Trust.BUILT_IN);
      double prior = prior(rules);
      Map<String, Double> confidence = new HashMap<>();
      for (SignatureRule rule : rules) {
        Hits hits = ofRule.getOrDefault(rule.id(), new Hits());
        double precision = (hits.attack + PRIOR_HITS * prior) / (hits.all() + PRIOR_HITS);
        boolean weak = !rule.severity().atLeast(Severity.MEDIUM);
        confidence.put(rule.id(), Math.min(weak ? HIGHEST_WEAK : HIGHEST, precision));
      }
      List<String> lines = new ArrayList<>();
      String id = "";
      for (String line : Files.readAllLines(file)) {
        id = line.startsWith("  - id: ") ? line.substring(8).strip() : id;
        lines.add(
            line.startsWith("    confidence: ")
                ? String.format(Locale.ROOT, "    confidence: %.2f", confidence.get(id))
                : line);
      }
      Files.write(file, lines);
    }
  }

  /**
   * The lower bound of the 95 % interval of the precision of a pack's rules together (E. B. Wilson,
   * JASA 22, 1927).
   */
  private double prior(List<SignatureRule> rules) {
    double n = 0;
    double k = 0;
    for (SignatureRule rule : rules) {
      Hits hits = ofRule.getOrDefault(rule.id(), new Hits());
      n += hits.all();
      k += hits.attack;
    }
    if (k < FEWEST_MEASURED) {
      return UNMEASURED;
    }
    double z = 1.96;
    double p = k / n;
    return (p + z * z / (2 * n) - z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
        / (1 + z * z / n);
  }
}
