package io.llmtrace.policies.detect.signatures;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A set of signature rules, read from YAML and refused whole when one of them is wrong. Immutable.
 */
public final class SignaturePack {
  private static final String BUILT_IN = "packs/core.yaml";
  private static final Set<String> KEYS =
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

  private final List<SignatureRule> rules;

  private SignaturePack(List<SignatureRule> rules) {
    this.rules = List.copyOf(rules);
  }

  List<SignatureRule> rules() {
    return rules;
  }

  /** The pack that the product ships. */
  public static SignaturePack builtIn() {
    try (InputStream in = SignaturePack.class.getResourceAsStream("/" + BUILT_IN)) {
      if (in == null) {
        throw new IllegalStateException(BUILT_IN + " is missing from the jar");
      }
      return parse(BUILT_IN, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a pack.
   *
   * @param name how problems call it
   * @throws PackException with every problem of the pack
   */
  public static SignaturePack parse(String name, String yaml) {
    JsonNode root;
    try {
      root = new ObjectMapper(new YAMLFactory()).readTree(yaml);
    } catch (JsonProcessingException e) {
      throw new PackException(
          name,
          List.of("line " + e.getLocation().getLineNr() + ": no YAML: " + e.getOriginalMessage()));
    }
    List<String> problems = new ArrayList<>();
    List<SignatureRule> rules = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    if (!root.path("rules").isArray() || root.path("rules").isEmpty()) {
      problems.add("'rules' must be a list with at least one rule");
    }
    for (int i = 0; i < root.path("rules").size(); i++) {
      JsonNode node = root.path("rules").get(i);
      String id = node.path("id").asText();
      RuleReader reader = new RuleReader(id.isEmpty() ? "rule " + (i + 1) : id, node, problems);
      if (!ids.add(id)) {
        reader.problem("id", "is used twice or missing");
      }
      SignatureRule rule = reader.read();
      if (rule != null) {
        rules.add(rule);
      }
    }
    if (!problems.isEmpty()) {
      throw new PackException(name, problems);
    }
    return new SignaturePack(rules);
  }

  /** Reads one rule; each method names what it expected when it did not find it. */
  private record RuleReader(String id, JsonNode node, List<String> problems) {

    void problem(String key, String what) {
      problems.add(id + ": " + key + " " + what);
    }

    @Nullable SignatureRule read() {
      int before = problems.size();
      node.fieldNames()
          .forEachRemaining(
              key -> {
                if (!KEYS.contains(key)) {
                  problem(key, "is no key of a rule; keys are " + KEYS.stream().sorted().toList());
                }
              });
      text("rationale");
      text("source");
      FindingType type = choice("type", FindingType::of);
      Severity severity = choice("severity", Severity::of);
      double confidence = node.path("confidence").asDouble(-1);
      if (confidence < 0 || confidence > 1) {
        problem("confidence", "must be a number between 0 and 1");
      }
      Set<Zone> zones = zones();
      Pattern pattern = pattern();
      List<String> matches = texts("matches", 1);
      List<String> doesNotMatch = texts("does_not_match", 1);
      if (problems.size() > before || type == null || severity == null || pattern == null) {
        return null;
      }
      List<String> literals =
          texts("literals", 0).stream().map(l -> l.toLowerCase(Locale.ROOT)).toList();
      boolean secret = node.path("secret").asBoolean(false);
      return new SignatureRule(
          id, type, severity, confidence, zones, literals, pattern, secret, matches, doesNotMatch);
    }

    private String text(String key) {
      String text = node.path(key).asText();
      if (text.isBlank()) {
        problem(key, "must be a text");
      }
      return text;
    }

    private <T> @Nullable T choice(String key, Function<String, T> reader) {
      try {
        return reader.apply(text(key));
      } catch (IllegalArgumentException e) {
        problem(key, "'" + node.path(key).asText() + "' is unknown");
        return null;
      }
    }

    private Set<Zone> zones() {
      Set<Zone> zones = new HashSet<>();
      for (String zone : texts("zones", 1)) {
        try {
          zones.add(Zone.of(zone));
        } catch (IllegalArgumentException e) {
          problem("zones", "has the unknown zone '" + zone + "'");
        }
      }
      return zones;
    }

    private @Nullable Pattern pattern() {
      try {
        Pattern pattern = Pattern.compile(text("pattern"));
        if (pattern.matcher("").find()) {
          problem("pattern", "matches the empty text");
        }
        return pattern;
      } catch (PatternSyntaxException e) {
        problem("pattern", "is no RE2 pattern: " + e.getMessage());
        return null;
      }
    }

    private List<String> texts(String key, int atLeast) {
      List<String> texts = new ArrayList<>();
      node.path(key).forEach(text -> texts.add(text.asText()));
      if (texts.size() < atLeast) {
        problem(key, "must be a list of at least " + atLeast);
      }
      return texts;
    }
  }
}
