package io.llmtrace.cli.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One scrape in Prometheus text format 0.0.4. Immutable.
 *
 * @param samples value by series, the series exactly as exposed
 */
record MetricsPage(Map<String, Double> samples) {
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{.*})? +(\\S+)(?: +-?[0-9]+)?");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  MetricsPage {
    samples = Map.copyOf(samples);
  }

  static MetricsPage parse(String text) {
    Map<String, Double> samples = new LinkedHashMap<>();
    text.lines()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .forEach(
            line -> {
              Matcher sample = SAMPLE.matcher(line);
              if (!sample.matches()) {
                throw new IllegalArgumentException("not a line of a metrics page: " + line);
              }
              String labels = sample.group(2) == null ? "" : sample.group(2);
              samples.put(sample.group(1) + labels, number(sample.group(3)));
            });
    return new MetricsPage(samples);
  }

  /** The sum of all series of a metric that have these labels; 0 when there is none. */
  double sum(String metric, Map<String, String> labels) {
    double sum = 0;
    for (Map.Entry<String, Double> sample : samples.entrySet()) {
      if (nameOf(sample.getKey()).equals(metric)
          && labelsOf(sample.getKey()).entrySet().containsAll(labels.entrySet())) {
        sum += sample.getValue();
      }
    }
    return sum;
  }

  private static String nameOf(String series) {
    int brace = series.indexOf('{');
    return brace < 0 ? series : series.substring(0, brace);
  }

  private static Map<String, String> labelsOf(String series) {
    Map<String, String> labels = new TreeMap<>();
    int brace = series.indexOf('{');
    if (brace >= 0) {
      Matcher label = LABEL.matcher(series.substring(brace));
      while (label.find()) {
        labels.put(label.group(1), label.group(2));
      }
    }
    return labels;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }
}
