package io.llmtrace.policies.detect.classify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The neural model that the product ships: MiniLM-L6, fine-tuned by {@code policies/training/}. */
public final class GuardModel {
  /** Its name in receipts. */
  public static final String NAME = "guard-minilm";

  private static final String AT = "/models/guard-minilm/";
  private static final ObjectMapper JSON = new ObjectMapper();

  private GuardModel() {}

  /**
   * Loads it from the jar.
   *
   * @param threads threads of one run
   * @throws ModelException if the jar holds no model, or one that was altered
   */
  public static OnnxTextClassifier load(int threads) throws ModelException {
    byte[] card = resource("model.json");
    byte[] model = resource("model.onnx");
    byte[] tokenizer = resource("tokenizer.json");
    return load(card, model, tokenizer, threads);
  }

  /** Loads it from bytes, checked against the checksums of its card. */
  static OnnxTextClassifier load(byte[] card, byte[] model, byte[] tokenizer, int threads)
      throws ModelException {
    JsonNode json;
    try {
      json = JSON.readTree(card);
    } catch (IOException e) {
      throw new ModelException(NAME + ": model.json is not JSON: " + e.getMessage(), e);
    }
    check("model.onnx", model, json.path("sha256").path("model.onnx").asText());
    check("tokenizer.json", tokenizer, json.path("sha256").path("tokenizer.json").asText());
    return OnnxTextClassifier.load(spec(json, threads), model, tokenizer);
  }

  private static TextModelSpec spec(JsonNode json, int threads) throws ModelException {
    Map<Zone, String> prefixes = new EnumMap<>(Zone.class);
    List<String> labels = new ArrayList<>();
    Set<String> attacks = new HashSet<>();
    json.path("labels").forEach(l -> labels.add(l.asText()));
    json.path("attack_labels").forEach(l -> attacks.add(l.asText()));
    try {
      json.path("zones")
          .properties()
          .forEach(e -> prefixes.put(Zone.of(e.getKey()), e.getValue().asText()));
      return new TextModelSpec(
          NAME,
          labels,
          attacks,
          prefixes.keySet(),
          prefixes,
          json.path("window_tokens").asInt(),
          json.path("overlap_tokens").asInt(),
          json.path("most_windows").asInt(),
          threads);
    } catch (IllegalArgumentException e) {
      throw new ModelException(NAME + ": model.json: " + e.getMessage(), e);
    }
  }

  private static void check(String file, byte[] bytes, String expected) throws ModelException {
    byte[] sum = Checksum.sha256(bytes);
    String found = Checksum.hex(sum, 0, sum.length);
    if (!found.equals(expected)) {
      throw ModelException.failed(
          NAME + ": " + file + " has the SHA-256 " + found + ", model.json expects " + expected);
    }
  }

  private static byte[] resource(String name) throws ModelException {
    try (InputStream in = GuardModel.class.getResourceAsStream(AT + name)) {
      if (in == null) {
        throw ModelException.absent(NAME + ": no " + AT + name + " in the jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new ModelException(NAME + ": cannot read " + AT + name + ": " + e.getMessage(), e);
    }
  }
}
