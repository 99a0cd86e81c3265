package io.llmtrace.cli.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** A parsed YAML value and the way to it, for tests that read deployment files. */
record Yaml(String path, Object value) {
  /** The repository's root: tests run in the module's folder. */
  static final Path ROOT = Path.of("..");

  static Yaml file(String name) throws IOException {
    return new Yaml(name, load(Files.readString(ROOT.resolve(name))).get(0));
  }

  /** All documents that are not empty. */
  static List<Yaml> documents(String name) throws IOException {
    return documents(name, Files.readString(ROOT.resolve(name)));
  }

  static List<Yaml> documents(String name, String text) {
    List<Yaml> found = new ArrayList<>();
    for (Object document : load(text)) {
      if (document != null) {
        found.add(new Yaml(name, document));
      }
    }
    return found;
  }

  private static List<Object> load(String text) {
    LoadSettings settings = LoadSettings.builder().setAllowDuplicateKeys(false).build();
    List<Object> documents = new ArrayList<>();
    new Load(settings).loadAllFromString(text).forEach(each -> documents.add(merged(each)));
    return documents;
  }

  /** The merge key of YAML 1.1, which compose goes by and this parser does not: own keys win. */
  private static Object merged(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(Yaml::merged).toList();
    }
    if (!(value instanceof Map<?, ?> map)) {
      return value;
    }
    Map<Object, Object> out = new LinkedHashMap<>();
    if (map.get("<<") instanceof Map<?, ?> base) {
      out.putAll((Map<?, ?>) merged(base));
    }
    map.forEach(
        (key, each) -> {
          if (!"<<".equals(key)) {
            out.put(key, merged(each));
          }
        });
    return out;
  }

  boolean has(String key) {
    return value instanceof Map<?, ?> map && map.containsKey(key);
  }

  /** The value under keys one below the other. */
  Yaml at(String... keys) {
    Yaml now = this;
    for (String key : keys) {
      if (!now.has(key)) {
        throw new AssertionError(now.path + ": " + key + " is missing");
      }
      now = new Yaml(now.path + "." + key, ((Map<?, ?>) now.value).get(key));
    }
    return now;
  }

  /** The same, and an empty list where there is nothing. */
  List<Yaml> listAt(String key) {
    return has(key) ? at(key).list() : List.of();
  }

  List<Yaml> list() {
    if (!(value instanceof List<?> items)) {
      throw new AssertionError(path + ": a list expected, found " + value);
    }
    List<Yaml> out = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      out.add(new Yaml(path + "[" + i + "]", items.get(i)));
    }
    return out;
  }

  List<String> texts() {
    return list().stream().map(Yaml::text).toList();
  }

  List<String> keys() {
    if (!(value instanceof Map<?, ?> map)) {
      throw new AssertionError(path + ": a map expected, found " + value);
    }
    return map.keySet().stream().map(String::valueOf).toList();
  }

  String text() {
    return String.valueOf(value);
  }

  boolean isTrue() {
    return Boolean.TRUE.equals(value);
  }

  @Override
  public String toString() {
    return path + " = " + value;
  }
}
