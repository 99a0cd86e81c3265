package io.llmtrace.runtime.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Which files a configuration keeps its secrets in; for tools that look at those files. */
public final class SecretFiles {
  private static final String FILE = "file:";

  /**
   * A file with a secret.
   *
   * @param key dotted path of the key that names it
   */
  public record Named(String key, Path file) {}

  private SecretFiles() {}

  /**
   * All {@code file:…} values, of both processes; none of them is opened.
   *
   * @throws ConfigException when the file cannot be read as YAML
   */
  public static List<Named> of(Path file, Map<String, String> env) throws ConfigException {
    Reading reading = new Reading(file.toString(), env);
    @Nullable Node root = ConfigFile.root(reading, ConfigFile.text(file));
    if (!reading.problems().isEmpty()) {
      throw new ConfigException(reading.problems());
    }
    List<Named> named = new ArrayList<>();
    if (root != null) {
      walk(root, "", env, named);
    }
    return named;
  }

  private static void walk(Node node, String path, Map<String, String> env, List<Named> into) {
    if (node instanceof MappingNode mapping) {
      for (NodeTuple tuple : mapping.getValue()) {
        if (tuple.getKeyNode() instanceof ScalarNode key) {
          walk(
              tuple.getValueNode(),
              path.isEmpty() ? key.getValue() : path + "." + key.getValue(),
              env,
              into);
        }
      }
    } else if (node instanceof SequenceNode sequence) {
      for (int i = 0; i < sequence.getValue().size(); i++) {
        walk(sequence.getValue().get(i), path + "[" + i + "]", env, into);
      }
    } else if (node instanceof ScalarNode scalar) {
      String text = Substitution.of(scalar.getValue(), env).text();
      if (text.startsWith(FILE)) {
        try {
          into.add(new Named(path, Path.of(text.substring(FILE.length()))));
        } catch (InvalidPathException e) {
          // The reader of the configuration says so, with its line.
          return;
        }
      }
    }
  }
}
