package io.llmtrace.controlplane.policies;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Which instances have the candidate of a policy. Immutable. */
public sealed interface Rollout {
  /** Whether an instance has it. */
  boolean reaches(String policy, String node, Map<String, String> labels);

  /**
   * A part of the instances. Which ones is settled by their names and the policy: of a larger part
   * each smaller one is a part, and every policy begins with other instances.
   *
   * @param percent 1 to 100
   */
  record Part(int percent) implements Rollout {
    private static final int PARTS = 10_000;

    @Override
    public boolean reaches(String policy, String node, Map<String, String> labels) {
      return place(policy, node) < percent * (PARTS / 100);
    }

    private static int place(String policy, String node) {
      try {
        byte[] hash =
            MessageDigest.getInstance("SHA-256").digest((policy + "\n" + node).getBytes(UTF_8));
        return (int) Long.remainderUnsigned(ByteBuffer.wrap(hash).getLong(), PARTS);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  /**
   * Instances with all of these labels.
   *
   * @param labels at least one
   */
  record Labelled(Map<String, String> labels) implements Rollout {
    public Labelled {
      labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    }

    @Override
    public boolean reaches(String policy, String node, Map<String, String> given) {
      return given.entrySet().containsAll(labels.entrySet());
    }
  }

  /** As tables and answers hold it: {@code {"percent": 10}} or {@code {"labels": {…}}}. */
  default ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (this instanceof Part part) {
      json.put("percent", part.percent());
    } else if (this instanceof Labelled labelled) {
      ObjectNode inner = json.putObject("labels");
      labelled.labels().forEach(inner::put);
    }
    return json;
  }

  /** The opposite of {@link #json}. */
  static Rollout of(String json) {
    try {
      JsonNode node = WireJson.mapper().readTree(json);
      if (node.has("percent")) {
        return new Part(node.path("percent").asInt());
      }
      Map<String, String> labels = new TreeMap<>();
      node.path("labels").properties().forEach(e -> labels.put(e.getKey(), e.getValue().asText()));
      return new Labelled(labels);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored rollout is no JSON", e);
    }
  }
}
