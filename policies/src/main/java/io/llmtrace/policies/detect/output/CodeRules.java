package io.llmtrace.policies.detect.output;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.parse.Letters;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The weaknesses in {@code packs/insecure-code.yaml}, which is part of the jar. */
final class CodeRules {
  private static final String PACK = "/packs/insecure-code.yaml";

  /** Tags of one language. */
  private static final Map<String, List<String>> TAGS =
      Map.of(
          "python", List.of("python", "py", "python3"),
          "java", List.of("java", "kotlin", "kt", "scala"),
          "javascript",
              List.of(
                  "javascript",
                  "js",
                  "jsx",
                  "typescript",
                  "ts",
                  "tsx",
                  "node",
                  "html",
                  "vue",
                  "svelte",
                  "mjs"),
          "go", List.of("go", "golang"),
          "php", List.of("php"),
          "ruby", List.of("ruby", "rb", "erb"),
          "csharp", List.of("csharp", "c#", "cs", "aspnet"),
          "c", List.of("c", "cpp", "c++", "h", "hpp", "cc"),
          "shell", List.of("bash", "sh", "shell", "zsh", "console"),
          "sql", List.of("sql", "plsql", "tsql", "mysql", "postgresql"));

  private CodeRules() {}

  static List<CodeRule> builtIn() {
    try (InputStream in = CodeRules.class.getResourceAsStream(PACK)) {
      if (in == null) {
        throw new IllegalStateException(PACK + " is missing from the jar");
      }
      List<CodeRule> rules = new ArrayList<>();
      for (JsonNode node : new ObjectMapper(new YAMLFactory()).readTree(in).path("rules")) {
        rules.add(rule(node));
      }
      return List.copyOf(rules);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static CodeRule rule(JsonNode node) {
    Set<String> languages = new LinkedHashSet<>();
    for (String language : texts(node, "languages")) {
      languages.addAll(
          language.equals("any")
              ? TAGS.values().stream().flatMap(List::stream).toList()
              : TAGS.getOrDefault(language, List.of()));
    }
    return new CodeRule(
        node.path("id").asText(),
        Set.copyOf(languages),
        node.path("cwe").asText(),
        Severity.of(node.path("severity").asText()),
        node.path("confidence").asDouble(),
        texts(node, "literals").stream().map(Letters::lower).toList(),
        Pattern.compile(node.path("pattern").asText(), Pattern.MULTILINE),
        node.path("title").asText(),
        texts(node, "matches"),
        texts(node, "does_not_match"));
  }

  private static List<String> texts(JsonNode node, String key) {
    List<String> texts = new ArrayList<>();
    node.path(key).forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
