package io.llmtrace.cli.grafana;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of metrics in Prometheus' text format: types of families, labels of samples. */
final class Exposition {
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{.*})? +(\\S+)(?: +-?[0-9]+)?");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  private final Map<String, String> types = new TreeMap<>();
  private final Map<String, List<Map<String, String>>> samples = new HashMap<>();

  /** Reads a page. */
  static Exposition parse(String page) {
    Exposition all = new Exposition();
    page.lines().filter(line -> !line.isBlank()).forEach(all::line);
    return all;
  }

  private void line(String line) {
    if (line.startsWith("# TYPE ")) {
      String[] words = line.split(" ", -1);
      types.put(words[2], words[3]);
    }
    if (line.startsWith("#")) {
      return;
    }
    Matcher sample = SAMPLE.matcher(line);
    if (!sample.matches()) {
      throw new IllegalArgumentException("not a line of a page of metrics: " + line);
    }
    Map<String, String> labels = new TreeMap<>();
    if (sample.group(2) != null) {
      Matcher label = LABEL.matcher(sample.group(2));
      while (label.find()) {
        labels.put(label.group(1), label.group(2));
      }
    }
    samples.computeIfAbsent(sample.group(1), name -> new ArrayList<>()).add(labels);
  }

  /** Type by family, as {@code # TYPE} says it: of a histogram the name without {@code _bucket}. */
  Map<String, String> types() {
    return types;
  }

  /** The labels of each sample of a metric; empty where there is none. */
  List<Map<String, String>> of(String metric) {
    return samples.getOrDefault(metric, List.of());
  }

  /** Names of all labels that a metric's samples have. */
  Set<String> labels(String metric) {
    Set<String> names = new TreeSet<>();
    of(metric).forEach(labels -> names.addAll(labels.keySet()));
    return names;
  }

  /** The labels of a family without a histogram's {@code le}. */
  Set<String> labelsOfFamily(String family) {
    Set<String> names = new TreeSet<>();
    for (String suffix : List.of("", "_bucket", "_sum", "_count")) {
      names.addAll(labels(family + suffix));
    }
    names.remove("le");
    return names;
  }
}
