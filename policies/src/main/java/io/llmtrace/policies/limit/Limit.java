package io.llmtrace.policies.limit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One limit, as an operator wrote it. It may limit several things at once; each key that it counts
 * by has allowances of its own. Immutable.
 *
 * @param name unique, part of the rule of a decision ({@code limits/<name>})
 * @param by what it counts by; without any, all that match share one allowance
 * @param match whom it is for: values of these dimensions, where one that ends with {@code *} means
 *     all that begin so; without any, it is for all
 * @param action what is done with a request that is over it
 * @param rates what a minute and a moment allow
 * @param budget what may be spent
 * @param size what one request may take
 * @param nodes whether nodes share its rates and places
 * @param alone what of a shared one holds while the control plane is gone
 * @param policy the policy that it is of, which an exchange has to be under; empty where it is of
 *     none
 */
public record Limit(
    String name,
    Set<Dimension> by,
    Map<Dimension, List<String>> match,
    Action action,
    Rates rates,
    Budget budget,
    Size size,
    Nodes nodes,
    Alone alone,
    String policy) {

  /** Beyond this, a rate would ask for less than a nanosecond a token. */
  public static final long MOST_PER_MINUTE = 1_000_000_000;

  public Limit {
    by = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(by));
    match = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(match));
  }

  /** A limit of no policy. */
  public Limit(
      String name,
      Set<Dimension> by,
      Map<Dimension, List<String>> match,
      Action action,
      Rates rates,
      Budget budget,
      Size size,
      Nodes nodes,
      Alone alone) {
    this(name, by, match, action, rates, budget, size, nodes, alone, "");
  }

  /** A limit that each node holds by itself. */
  public Limit(
      String name,
      Set<Dimension> by,
      Map<Dimension, List<String>> match,
      Action action,
      Rates rates,
      Budget budget,
      Size size) {
    this(name, by, match, action, rates, budget, size, Nodes.EACH, Alone.LOCAL);
  }

  /** Whose a limit's rates and places are, where there are several nodes. */
  public enum Nodes {
    /** Each node has all of it. */
    EACH,
    /** They are one for all nodes, by leases of the control plane. */
    SHARE
  }

  /** What a node goes by once its lease has ended and the control plane gives no other. */
  public enum Alone {
    /** An even part among the nodes that were known last; of a budget what is left of its share. */
    LOCAL,
    /** Nothing: everything passes. */
    OPEN,
    /** Nothing passes. */
    CLOSED;

    private final String label = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String label() {
      return label;
    }

    @JsonCreator
    public static Alone of(String label) {
      return valueOf(label.toUpperCase(Locale.ROOT));
    }
  }

  /** What is done with a request that is over a limit. */
  public enum Action {
    /** It passes, with a flag. */
    FLAG,
    /** It is answered 429. */
    LIMIT;

    private final String label = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String label() {
      return label;
    }

    @JsonCreator
    public static Action of(String label) {
      return valueOf(label.toUpperCase(Locale.ROOT));
    }
  }

  /**
   * Allowances of a minute, held as token buckets that hold a minute's worth, and of a moment. 0 is
   * none.
   *
   * @param requestsPerMinute at most {@link Limit#MOST_PER_MINUTE}
   * @param tokensPerMinute tokens of prompts and completions, at most {@link Limit#MOST_PER_MINUTE}
   * @param concurrent exchanges whose end has not been told yet
   */
  public record Rates(long requestsPerMinute, long tokensPerMinute, int concurrent) {
    public static final Rates NONE = new Rates(0, 0, 0);
  }

  /**
   * What may be spent in rolling windows.
   *
   * @param usd dollars by window; empty is no budget
   * @param unknown what is done about models whose price is not known
   */
  public record Budget(Map<Window, Double> usd, UnknownCost unknown) {
    public static final Budget NONE = new Budget(Map.of(), UnknownCost.PASS);

    public Budget {
      Map<Window, Double> copy = new EnumMap<>(Window.class);
      copy.putAll(usd);
      usd = java.util.Collections.unmodifiableMap(copy);
    }
  }

  /** What a budget does about models whose price is not known. */
  public enum UnknownCost {
    /** Their exchanges pass, and count as unknown. */
    PASS,
    /** A model whose last exchange had no known cost is refused for ten minutes. */
    BLOCK
  }

  /** The most that one request may ask for, in tokens; 0 is no limit. */
  public record Size(long promptTokens, long completionTokens, long totalTokens) {
    public static final Size NONE = new Size(0, 0, 0);

    boolean any() {
      return promptTokens > 0 || completionTokens > 0 || totalTokens > 0;
    }
  }

  /**
   * Whether the body has to be read before it is known whether this limit is meant, and by whom.
   */
  boolean needsModel() {
    return by.contains(Dimension.MODEL) || match.containsKey(Dimension.MODEL);
  }

  /** Whether the length of a prompt matters. */
  boolean needsTokens() {
    return rates.tokensPerMinute() > 0 || size.promptTokens() > 0 || size.totalTokens() > 0;
  }

  boolean matches(Subject subject) {
    if (!policy.isEmpty() && !subject.policies().contains(policy)) {
      return false;
    }
    for (Map.Entry<Dimension, List<String>> one : match.entrySet()) {
      if (!matches(one.getValue(), subject.value(one.getKey()))) {
        return false;
      }
    }
    return true;
  }

  private static boolean matches(List<String> patterns, String value) {
    for (String pattern : patterns) {
      if (pattern.endsWith("*")
          ? value.startsWith(pattern.substring(0, pattern.length() - 1))
          : value.equals(pattern)) {
        return true;
      }
    }
    return false;
  }

  List<String> key(Subject subject) {
    switch (by.size()) {
      case 0 -> {
        return List.of();
      }
      case 1 -> {
        return List.of(subject.value(by.iterator().next()));
      }
      default -> {
        List<String> key = new ArrayList<>(by.size());
        for (Dimension dimension : by) {
          key.add(subject.value(dimension));
        }
        return key;
      }
    }
  }
}
