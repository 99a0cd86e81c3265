package io.llmtrace.runtime.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * {@code plugin.policies}: whose policies a node goes by. Immutable.
 *
 * @param publicKeys files with public keys (Ed25519, PEM) that sign bundles; without any, none is
 *     asked for, and the built-in policy decides
 * @param labels by which the control plane chooses nodes for a rollout
 */
public record PoliciesConfig(List<Path> publicKeys, Map<String, String> labels) {
  public PoliciesConfig {
    publicKeys = List.copyOf(publicKeys);
    labels = Map.copyOf(labels);
  }

  /** No bundles. */
  public static PoliciesConfig none() {
    return new PoliciesConfig(List.of(), Map.of());
  }

  /** Reads the section. */
  static PoliciesConfig read(ConfigSection section) {
    List<Path> keys =
        section.items("public_keys", "paths of files with public keys in PEM", 8).stream()
            .map(item -> Path.of(item.text()))
            .toList();
    ConfigSection labels = section.section("labels");
    Map<String, String> named = new java.util.LinkedHashMap<>();
    for (String name : labels.keys()) {
      named.put(
          name,
          labels.string(
              name,
              "",
              "a value of 1 to 63 letters, digits, dots, dashes and underscores",
              value -> value.matches("[A-Za-z0-9._-]{1,63}")));
      if (!name.matches("[A-Za-z0-9._-]{1,63}")) {
        labels.problem(name, "expected a name of 1 to 63 letters, digits, dots, dashes");
      }
    }
    if (named.size() > 16) {
      section.problem("labels", "expected at most 16");
    }
    labels.finish();
    section.finish();
    return new PoliciesConfig(keys, named);
  }
}
