package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.yaml.LocatedYaml;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads the rules of one pack and collects every problem with its line. Used once. */
final class PackReader {
  private static final Set<String> PACK_KEYS = Set.of("defaults", "words", "rules");
  private static final Set<String> DEFAULT_KEYS =
      Set.of("type", "zones", "severity", "confidence", "source");
  private static final Set<String> RULE_KEYS =
      Set.of(
          "id",
          "type",
          "severity",
          "confidence",
          "zones",
          "literals",
          "pattern",
          "secret",
          "rationale",
          "source",
          "matches",
          "does_not_match");

  private static final List<String> TYPES =
      Arrays.stream(FindingType.values()).map(FindingType::label).toList();
  private static final List<String> ZONES = Arrays.stream(Zone.values()).map(Zone::label).toList();
  private static final List<String> SEVERITIES =
      Arrays.stream(Severity.values()).map(Severity::label).toList();

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  /** What is known of the pack's writer. */
  enum Trust {
    /** The build has run the rules' cases and compiled their patterns. */
    BUILT_IN,
    /** Everything is checked here. */
    UPLOADED
  }

  private final String name;
  private final Trust trust;
  private final List<PackException.Problem> problems = new ArrayList<>();
  private final PackWords words = new PackWords(this::problem);
  private Map<String, Node> defaults = Map.of();
  private int instructions;

  private PackReader(String name, Trust trust) {
    this.name = name;
    this.trust = trust;
  }

  /**
   * Reads a pack.
   *
   * @throws PackException with every problem
   */
  static List<SignatureRule> read(String name, String yaml, Trust trust) {
    PackReader reader = new PackReader(name, trust);
    List<SignatureRule> rules = List.of();
    Optional<Node> root =
        LocatedYaml.compose(
            yaml,
            trust == Trust.UPLOADED ? PackLimits.YAML : LocatedYaml.Bounds.NONE,
            (line, column, what) -> reader.add(line, "", what));
    if (root.isPresent()) {
      rules = reader.rules(root.get());
    } else if (reader.problems.isEmpty()) {
      reader.add(1, "", "'rules' must be a list with at least one rule");
    }
    if (reader.problems.isEmpty() && trust == Trust.UPLOADED) {
      RuleCases.run(rules, reader::add);
    }
    if (!reader.problems.isEmpty()) {
      throw new PackException(name, reader.problems);
    }
    return rules;
  }

  private List<SignatureRule> rules(Node root) {
    Map<String, Node> pack = mapping(root, "the pack", PACK_KEYS, "a pack");
    Node words = pack.get("words");
    if (words != null) {
      this.words.add(mapping(words, "words", null, ""));
    }
    Node defaults = pack.get("defaults");
    if (defaults != null) {
      this.defaults = mapping(defaults, "defaults", DEFAULT_KEYS, "defaults");
    }
    if (!(pack.get("rules") instanceof SequenceNode list) || list.getValue().isEmpty()) {
      problem(root, "the pack", "rules", "must be a list with at least one rule");
      return List.of();
    }
    if (list.getValue().size() > PackLimits.MOST_RULES) {
      problem(list, "the pack", "rules", "must be at most " + PackLimits.MOST_RULES);
      return List.of();
    }
    List<SignatureRule> rules = new ArrayList<>();
    Map<String, Integer> lines = new HashMap<>();
    for (Node node : list.getValue()) {
      SignatureRule rule = new RuleReader(node).read();
      if (rule != null) {
        Integer before = lines.putIfAbsent(rule.id(), rule.line());
        if (before != null) {
          problem(node, rule.id(), "id", "is used twice, first in line " + before);
        }
        rules.add(rule);
      }
    }
    if (instructions > PackLimits.LARGEST_PACK) {
      problem(
          list,
          "the pack",
          "rules",
          "compile to " + instructions + " instructions, more than " + PackLimits.LARGEST_PACK);
    }
    return rules;
  }

  private void problem(Node node, String where, String key, String what) {
    add(LocatedYaml.line(node), where, (key + " " + what).strip());
  }

  private void add(int line, String where, String what) {
    problems.add(new PackException.Problem(name, line, where, what));
  }

  static @Nullable String scalar(@Nullable Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : null;
  }

  private Map<String, Node> mapping(
      Node node, String where, @Nullable Set<String> keys, String what) {
    Map<String, Node> values = new LinkedHashMap<>();
    if (!(node instanceof MappingNode mapping)) {
      problem(node, where, "", "must be a map of keys and values");
      return values;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      String key = scalar(tuple.getKeyNode());
      if (key == null || (keys != null && !keys.contains(key))) {
        problem(
            tuple.getKeyNode(),
            where,
            String.valueOf(key),
            "is no key of " + what + "; keys are " + (keys == null ? "texts" : sorted(keys)));
      } else if (values.put(key, tuple.getValueNode()) != null) {
        problem(tuple.getKeyNode(), where, key, "is there twice");
      }
    }
    return values;
  }

  private static List<String> sorted(Set<String> keys) {
    return keys.stream().sorted().toList();
  }

  /** Reads one rule; each method names what it expected when it did not find it. */
  private final class RuleReader {
    private final Node node;
    private final Map<String, Node> values;
    private final String id;

    RuleReader(Node node) {
      this.node = node;
      String name = node instanceof MappingNode mapping ? idOf(mapping) : null;
      this.id = name == null ? "a rule" : name;
      this.values = mapping(node, id, RULE_KEYS, "a rule");
    }

    private static @Nullable String idOf(MappingNode mapping) {
      for (NodeTuple tuple : mapping.getValue()) {
        if ("id".equals(scalar(tuple.getKeyNode()))) {
          return scalar(tuple.getValueNode());
        }
      }
      return null;
    }

    void wrong(String key, String what) {
      Node at = values.get(key);
      problem(at == null ? node : at, id, key, what);
    }

    private @Nullable Node value(String key) {
      Node value = values.get(key);
      return value == null ? defaults.get(key) : value;
    }

    @Nullable SignatureRule read() {
      int before = problems.size();
      if (!ID.matcher(id).matches()) {
        wrong("id", "must be lower-case letters, digits, '.', '_' and '-', at most 64");
      }
      text("rationale");
      text("source");
      Map<Zone, FindingType> types = types();
      Severity severity = choice("severity", value("severity"), Severity::of, SEVERITIES);
      double confidence = confidence();
      List<String> literals = texts("literals", 0, 500);
      boolean secret = secret();
      List<String> matches = texts("matches", trust == Trust.BUILT_IN ? 2 : 1, 0);
      List<String> doesNotMatch = texts("does_not_match", trust == Trust.BUILT_IN ? 2 : 1, 0);
      RulePattern pattern = pattern();
      if (problems.size() > before || severity == null || pattern == null) {
        return null;
      }
      Set<String> folded = new LinkedHashSet<>();
      literals.forEach(literal -> folded.add(folded(literal)));
      return new SignatureRule(
          id,
          name,
          trust == Trust.BUILT_IN,
          LocatedYaml.line(node),
          types,
          severity,
          confidence,
          folded,
          pattern,
          secret,
          matches,
          doesNotMatch);
    }

    private static String folded(String text) {
      StringBuilder folded = new StringBuilder(text.length());
      for (int i = 0; i < text.length(); i++) {
        folded.append(Fold.fold(text.charAt(i)));
      }
      return folded.toString();
    }

    private @Nullable String text(String key) {
      String text = scalar(value(key));
      if (text == null || text.isBlank()) {
        wrong(key, "must be a text");
        return null;
      }
      return text;
    }

    private <T> @Nullable T choice(
        String key, @Nullable Node value, Function<String, T> reader, List<String> known) {
      String text = scalar(value);
      if (text == null) {
        wrong(key, "must be a text");
        return null;
      }
      try {
        return reader.apply(text);
      } catch (IllegalArgumentException e) {
        wrong(key, "'" + text + "' is unknown; expected one of " + String.join(", ", known));
        return null;
      }
    }

    /** Either one type and its zones, or a map of zones to types. */
    private Map<Zone, FindingType> types() {
      Map<Zone, FindingType> types = new EnumMap<>(Zone.class);
      Node type = value("type");
      if (type instanceof MappingNode mapping) {
        for (NodeTuple tuple : mapping.getValue()) {
          Zone zone = choice("type", tuple.getKeyNode(), Zone::of, ZONES);
          FindingType of = choice("type", tuple.getValueNode(), FindingType::of, TYPES);
          if (zone != null && of != null) {
            types.put(zone, of);
          }
        }
        // A rule may narrow the zones of its pack's defaults.
        if (values.containsKey("zones")) {
          types.keySet().retainAll(zones());
        }
        if (types.isEmpty()) {
          wrong("type", "must name at least one zone and its type");
        }
      } else {
        FindingType of = choice("type", type, FindingType::of, TYPES);
        for (Zone zone : zones()) {
          if (of != null) {
            types.put(zone, of);
          }
        }
      }
      return types;
    }

    private Set<Zone> zones() {
      Set<Zone> zones = new LinkedHashSet<>();
      if (value("zones") instanceof SequenceNode list && !list.getValue().isEmpty()) {
        for (Node item : list.getValue()) {
          Zone zone = choice("zones", item, Zone::of, ZONES);
          if (zone != null) {
            zones.add(zone);
          }
        }
      } else {
        wrong("zones", "must be a list of at least 1");
      }
      return zones;
    }

    private double confidence() {
      try {
        String text = scalar(value("confidence"));
        double confidence = text == null ? -1 : Double.parseDouble(text);
        if (confidence >= 0 && confidence <= 1) {
          return trust == Trust.BUILT_IN
              ? confidence
              : Math.min(confidence, PackLimits.MOST_CONFIDENCE);
        }
      } catch (NumberFormatException e) {
        // Told below, as any other value that is no such number.
      }
      wrong("confidence", "must be a number between 0 and 1");
      return 0;
    }

    private boolean secret() {
      String text = values.containsKey("secret") ? scalar(values.get("secret")) : "false";
      if (!"true".equals(text) && !"false".equals(text)) {
        wrong("secret", "must be true or false");
      }
      return "true".equals(text);
    }

    private List<String> texts(String key, int least, int longest) {
      int most = longest == 0 ? PackLimits.LONGEST_CASE : longest;
      List<String> texts = new ArrayList<>();
      Node value = values.get(key);
      if (value instanceof SequenceNode list) {
        for (Node item : list.getValue()) {
          String text = scalar(item);
          if (text == null || text.isEmpty() || text.length() > most) {
            problem(item, id, key, "must hold texts of 1 to " + most + " characters");
          } else {
            texts.add(text);
          }
        }
      }
      if ((value != null && !(value instanceof SequenceNode))
          || texts.size() < least
          || texts.size() > PackLimits.MOST_CASES) {
        wrong(key, "must be a list of " + least + " to " + PackLimits.MOST_CASES);
      }
      return texts;
    }

    private @Nullable RulePattern pattern() {
      String raw = text("pattern");
      if (raw == null) {
        return null;
      }
      String text = words.expand(node, id, "pattern", raw);
      if (text.isEmpty()) {
        return null;
      }
      if (text.length() > PackLimits.LONGEST_PATTERN) {
        wrong("pattern", "must be at most " + PackLimits.LONGEST_PATTERN + " characters");
        return null;
      }
      RulePattern pattern = new RulePattern(text);
      return trust == Trust.BUILT_IN || isSound(pattern) ? pattern : null;
    }

    private boolean isSound(RulePattern pattern) {
      PatternCheck check = PatternCheck.of(pattern.text());
      instructions += check.instructions();
      check.refusal().ifPresent(refusal -> wrong("pattern", refusal));
      return check.refusal().isEmpty();
    }
  }
}
