package io.llmtrace.cli.grafana;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which series an expression asks for. It reads as much of PromQL as the expressions of {@code
 * grafana/} have; Prometheus itself says whether they are valid.
 */
final class Promql {
  /**
   * A matcher of a selector.
   *
   * @param op {@code =}, {@code !=}, {@code =~} or {@code !~}
   */
  record Match(String label, String op, String value) {
    boolean fits(String given) {
      // Prometheus anchors its regular expressions.
      boolean same = op.endsWith("~") ? Pattern.matches(value, given) : value.equals(given);
      return op.startsWith("!") != same;
    }
  }

  /**
   * A selector and the labels by which it is grouped.
   *
   * @param grouped labels of every {@code by (…)} around it
   */
  record Selector(String metric, List<Match> matches, Set<String> grouped) {}

  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s+|\"(?:[^\"\\\\]|\\\\.)*\"|\\[[^]]*]|[a-zA-Z_:][a-zA-Z0-9_:]*"
              + "|[0-9][0-9.a-z]*|=~|!~|!=|==|>=|<=|.");

  private static final Set<String> WORDS =
      Set.of(
          "and", "or", "unless", "on", "ignoring", "group_left", "group_right", "bool", "offset");

  private static final Map<String, String> CHOSEN = new LinkedHashMap<>();

  static {
    CHOSEN.put("$__rate_interval", "1m");
    CHOSEN.put("$__range", "5m");
  }

  private final String text;
  private final List<String> tokens = new ArrayList<>();
  private final List<Selector> found = new ArrayList<>();

  private Promql(String text) {
    this.text = text;
    Matcher token = TOKEN.matcher(text);
    while (token.find()) {
      if (!token.group().isBlank()) {
        tokens.add(token.group());
      }
    }
  }

  /** An expression with everything chosen in a dashboard's variables, as Grafana sends it. */
  static String chosen(String expr) {
    String full = expr;
    for (Map.Entry<String, String> each : CHOSEN.entrySet()) {
      full = full.replace(each.getKey(), each.getValue());
    }
    for (Variable variable : Variable.values()) {
      full = full.replace("\"$" + variable.word() + "\"", "\".*\"");
    }
    return full;
  }

  /**
   * The selectors of an expression without variables.
   *
   * @throws IllegalArgumentException where it is not understood
   */
  static List<Selector> selectors(String expr) {
    Promql parsed = new Promql(expr);
    parsed.read(0, parsed.tokens.size(), Set.of());
    return parsed.found;
  }

  private void read(int from, int to, Set<String> grouped) {
    int at = from;
    while (at < to) {
      String token = tokens.get(at);
      boolean word = Character.isLetter(token.charAt(0)) || token.charAt(0) == '_';
      if (word && next(at).equals("by")) {
        Set<String> all = new HashSet<>(grouped);
        int end = closing(at + 2);
        for (int i = at + 3; i < end; i++) {
          if (!tokens.get(i).equals(",")) {
            all.add(tokens.get(i));
          }
        }
        int inner = closing(end + 1);
        read(end + 2, inner, all);
        at = inner + 1;
      } else if (word && (next(at).equals("(") || WORDS.contains(token))) {
        if (token.equals("without") || token.equals("by")) {
          throw new IllegalArgumentException("grouping behind an aggregation: " + text);
        }
        at++;
      } else if (word) {
        at = selector(at, grouped);
      } else {
        at++;
      }
    }
  }

  private int selector(int at, Set<String> grouped) {
    List<Match> matches = new ArrayList<>();
    int end = at + 1;
    if (next(at).equals("{")) {
      end = at + 2;
      while (!tokens.get(end).equals("}")) {
        String value = tokens.get(end + 2);
        matches.add(
            new Match(
                tokens.get(end), tokens.get(end + 1), value.substring(1, value.length() - 1)));
        end += 3;
        if (tokens.get(end).equals(",")) {
          end++;
        }
      }
      end++;
    }
    found.add(new Selector(tokens.get(at), matches, grouped));
    return end;
  }

  private String next(int at) {
    return at + 1 < tokens.size() ? tokens.get(at + 1) : "";
  }

  /** Where the parenthesis ends that opens here. */
  private int closing(int open) {
    if (open >= tokens.size() || !tokens.get(open).equals("(")) {
      throw new IllegalArgumentException("expected ( in " + text);
    }
    int depth = 0;
    for (int i = open; i < tokens.size(); i++) {
      if (tokens.get(i).equals("(")) {
        depth++;
      } else if (tokens.get(i).equals(")") && --depth == 0) {
        return i;
      }
    }
    throw new IllegalArgumentException("no end of ( in " + text);
  }
}
