package io.llmtrace.cli.grafana;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The tables of metrics in the documentation. Immutable. */
final class MetricsReference {
  private static final Path PAGE = Path.of("..", "docs", "metrics-and-dashboards.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(llmtrace_[A-Za-z_]+)`( †)? \\| ([a-z]+) \\| ([^|]*) \\| [^|]+ \\|");
  private static final Pattern LABEL = Pattern.compile("`([a-z_]+)`");

  /**
   * A row.
   *
   * @param name with a word in capitals where part of it differs
   * @param late whether it is not there before its first event
   */
  private record Row(String name, boolean late, String type, Set<String> labels) {
    boolean is(String family) {
      return family.matches(name.replaceAll("[A-Z]+", "[a-z_]+"));
    }
  }

  private final List<Row> rows;

  private MetricsReference(List<Row> rows) {
    this.rows = List.copyOf(rows);
  }

  static MetricsReference read() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(PAGE)) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Set<String> labels = new TreeSet<>();
        Matcher label = LABEL.matcher(row.group(4));
        while (label.find()) {
          labels.add(label.group(1));
        }
        rows.add(new Row(row.group(1), row.group(2) != null, row.group(3), labels));
      }
    }
    return new MetricsReference(rows);
  }

  /** What a page has and the tables do not, or say otherwise. */
  List<String> against(Exposition page) {
    List<String> problems = new ArrayList<>();
    for (Map.Entry<String, String> family : page.types().entrySet()) {
      String name = family.getKey();
      boolean largest =
          name.endsWith("_max")
              && page.types().containsKey(name.substring(0, name.length() - "_max".length()));
      if (!name.startsWith("llmtrace_") || largest) {
        continue;
      }
      String shown = name + " " + family.getValue() + " " + page.labelsOfFamily(name);
      Optional<Row> row = rows.stream().filter(each -> each.is(name)).findFirst();
      if (row.isEmpty()) {
        problems.add("not in the tables: " + shown);
      } else if (!row.get().type().equals(family.getValue())
          || !row.get().labels().equals(page.labelsOfFamily(name))) {
        problems.add("the page has " + shown + ", the tables " + row.get());
      }
    }
    return problems;
  }

  /** What the tables have and no page does, unless it comes later; then the code must have it. */
  List<String> missing(List<Exposition> pages) {
    String code = code();
    List<String> problems = new ArrayList<>();
    for (Row row : rows) {
      boolean shown =
          pages.stream().anyMatch(page -> page.types().keySet().stream().anyMatch(row::is));
      // Micrometer puts the suffix there, and takes dots as well.
      String made = row.name().replaceAll("_total$", "").replaceAll("[A-Z]+.*", "");
      if (!shown && !row.late()) {
        problems.add("on no page: " + row);
      } else if (!shown && !code.contains(made)) {
        problems.add("in no source: " + made);
      }
    }
    if (rows.size() < 80) {
      problems.add("only " + rows.size() + " rows were understood");
    }
    return problems;
  }

  /** All strings of the two processes, with dots as underscores. */
  private static String code() {
    StringBuilder all = new StringBuilder();
    for (String module : List.of("plugin", "control-plane")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .map(MetricsReference::strings)
            .forEach(all::append);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all.toString();
  }

  private static String strings(Path file) {
    try {
      StringBuilder strings = new StringBuilder();
      Matcher text = Pattern.compile("\"(llmtrace[._][a-z._]+)\"?").matcher(Files.readString(file));
      while (text.find()) {
        strings.append(text.group(1).replace('.', '_').toLowerCase(Locale.ROOT)).append('\n');
      }
      return strings.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
