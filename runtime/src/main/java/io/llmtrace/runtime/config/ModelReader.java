package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.LabelModelSpec;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import io.llmtrace.policies.detect.engine.OwnModel;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.yaml.Nearest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the list {@code models}; their files are not opened. Stateless. */
final class ModelReader {
  /** A label's word for what is harmless. */
  private static final String BENIGN = "benign";

  /**
   * A classifier that met other texts in training is surer than it is right, so a probability of a
   * half would flag a lot.
   */
  private static final double THRESHOLD = 0.8;

  private static final int MOST_LABELS = 200;
  private static final int MOST_TOKENS = 8192;
  private static final int MOST_WINDOWS = 64;

  /** A pair is a sentence and a window of the sources, and every sentence meets several. */
  private static final int MOST_PAIRS = 256;

  private static final int LEAST_CONTEXT_BYTES = 1 << 10;
  private static final int CONTEXT_BYTES = 16 << 10;
  private static final Path NOWHERE = Path.of("");
  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-fA-F]{64}");
  private static final List<String> TYPES = types();
  private static final List<String> ZONES = Arrays.stream(Zone.values()).map(Zone::label).toList();

  /** What a model is asked with. */
  private enum Kind {
    /** A text alone. */
    CLASSIFIER,
    /** A text and what it must be grounded in. */
    CROSS_ENCODER
  }

  private ModelReader() {}

  /** What a text classifier can find: all but what is counted. */
  private static List<String> types() {
    List<String> types = new ArrayList<>();
    types.add(BENIGN);
    for (FindingType type : FindingType.values()) {
      if (type.group() != FindingType.Group.USE && type != FindingType.CUSTOM_PATTERN) {
        types.add(type.label());
      }
    }
    return List.copyOf(types);
  }

  static List<ModelConfig> models(List<ConfigSection> sections) {
    List<ModelConfig> models = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (ConfigSection section : sections) {
      ModelConfig model = model(section);
      section.finish();
      if (model != null && !ids.add(model.spec().id())) {
        section.problem("id", "expected different ids, there are two '" + model.spec().id() + "'");
      } else if (model != null) {
        models.add(model);
      }
    }
    return models;
  }

  private static @Nullable ModelConfig model(ConfigSection section) {
    String id =
        section.string(
            "id",
            "",
            "lower-case letters, digits, '.', '_' and '-', and not the name of a stage",
            text -> ID.matcher(text).matches() && !OwnModel.TAKEN.contains(text));
    Path path = needed(section, "path", "the path of an ONNX file");
    Path tokenizer = needed(section, "tokenizer", "the path of its tokenizer.json");
    Path config = section.has("config") ? section.path("config", NOWHERE) : null;
    String sha256 = section.optionalString("sha256");
    if (sha256 != null && !SHA_256.matcher(sha256).matches()) {
      section.problem("sha256", "expected 64 hex digits, was \"" + sha256 + "\"");
    }
    List<Label> labels = labels(section);
    Kind kind = section.choice("kind", Kind.class, Kind.CLASSIFIER);
    Set<Zone> zones = kind == Kind.CLASSIFIER ? zones(section) : answers(section);
    int contextBytes = contextBytes(section, kind);
    Activation activation = section.choice("activation", Activation.class, Activation.AUTO);
    int maxTokens = section.integer("max_tokens", 256, LabelModelSpec.FEWEST_TOKENS, MOST_TOKENS);
    int maxWindows =
        kind == Kind.CLASSIFIER
            ? section.integer("max_windows", 16, 1, MOST_WINDOWS)
            : section.integer("max_windows", 64, 1, MOST_PAIRS);
    int threads = section.integer("threads", 1, 1, LabelModelSpec.MOST_THREADS);
    if (!section.has("id")) {
      section.problem("id", "expected a name for findings, receipts and /health");
    }
    if (id.isEmpty() || zones.isEmpty() || labels.stream().allMatch(l -> l.type().isEmpty())) {
      return null;
    }
    return new ModelConfig(
        new LabelModelSpec(
            id, labels, activation, zones, maxTokens, maxWindows, threads, contextBytes),
        path,
        tokenizer,
        config,
        sha256 == null ? null : sha256.toLowerCase(Locale.ROOT));
  }

  private static Path needed(ConfigSection section, String key, String expected) {
    if (!section.has(key)) {
      section.problem(key, "expected " + expected);
    }
    return section.path(key, NOWHERE);
  }

  private static int contextBytes(ConfigSection section, Kind kind) {
    if (kind == Kind.CLASSIFIER && section.has("context_bytes")) {
      section.problem("context_bytes", "expected only where kind is cross_encoder");
    }
    int bytes =
        (int)
            section.bytes(
                "context_bytes",
                CONTEXT_BYTES,
                LEAST_CONTEXT_BYTES,
                LabelModelSpec.MOST_CONTEXT_BYTES);
    return kind == Kind.CLASSIFIER ? 0 : bytes;
  }

  /** The zones of a cross-encoder: what answers say. */
  private static Set<Zone> answers(ConfigSection section) {
    Set<Zone> only = Set.of(Zone.ASSISTANT);
    if (section.has("zones") && !zones(section).equals(only)) {
      section.problem("zones", "expected [assistant], since a cross_encoder reads answers alone");
    }
    return only;
  }

  private static Set<Zone> zones(ConfigSection section) {
    Set<Zone> zones = new LinkedHashSet<>();
    int problems = 0;
    for (ConfigKeys.Item item : section.items("zones", "zones", ZONES.size())) {
      if (ZONES.contains(item.text())) {
        zones.add(Zone.of(item.text()));
      } else {
        problems++;
        section.problem(
            item, "expected one of " + String.join(", ", ZONES) + ", was \"" + item.text() + "\"");
      }
    }
    if (zones.isEmpty() && problems == 0) {
      section.problem("zones", "expected a list of at least one of " + String.join(", ", ZONES));
    }
    return zones;
  }

  /**
   * What a label was said to mean.
   *
   * @param told whether it was wrong, and that has been said
   */
  private record Meaning(Optional<FindingType> type, boolean told) {}

  private static List<Label> labels(ConfigSection section) {
    ConfigSection map = section.section("labels");
    List<Label> labels = new ArrayList<>();
    boolean told = false;
    if (map.keys().size() > MOST_LABELS) {
      section.problem("labels", "expected at most " + MOST_LABELS);
      return labels;
    }
    for (String key : map.keys()) {
      if (map.isSection(key)) {
        ConfigSection label = map.section(key);
        Meaning meaning = meaning(label, "type");
        told |= meaning.told();
        double threshold = label.number("threshold", THRESHOLD, 0.01, 1);
        Severity severity = label.choice("severity", Severity.class, Severity.MEDIUM);
        labels.add(new Label(key, meaning.type(), threshold, severity));
        label.finish();
      } else {
        Meaning meaning = meaning(map, key);
        told |= meaning.told();
        labels.add(new Label(key, meaning.type(), THRESHOLD, Severity.MEDIUM));
      }
    }
    if (!told && labels.stream().allMatch(label -> label.type().isEmpty())) {
      section.problem(
          "labels",
          "expected a map of the model's outputs, by name or number, to finding types, at least one"
              + " of them not benign");
    }
    return labels;
  }

  private static Meaning meaning(ConfigSection section, String key) {
    String label = section.optionalString(key);
    if (BENIGN.equals(label)) {
      return new Meaning(Optional.empty(), false);
    }
    if (label != null && TYPES.contains(label)) {
      return new Meaning(Optional.of(FindingType.of(label)), false);
    }
    String expected = "expected a finding type or " + BENIGN;
    section.problem(
        key, label == null ? expected : expected + ", was \"" + label + "\"" + near(label));
    return new Meaning(Optional.empty(), true);
  }

  private static String near(String label) {
    String question = Nearest.question(label, TYPES);
    return question.isEmpty() ? "; types are " + String.join(", ", TYPES) : question;
  }
}
