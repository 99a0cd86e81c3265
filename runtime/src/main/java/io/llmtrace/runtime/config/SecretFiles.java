package io.llmtrace.runtime.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Files that a configuration keeps its secrets in: which there are, and what is in one. */
public final class SecretFiles {
  private static final long LARGEST_FILE = 65_536;

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

  /** The secret in a file, without spaces around it; null where it cannot be had. */
  static @Nullable Secret read(Consumer<String> problem, String name) {
    try {
      Path file = Path.of(name);
      if (!Files.isRegularFile(file)) {
        problem.accept("expected a file that exists at " + file);
      } else if (!Files.isReadable(file)) {
        problem.accept("expected a file that this process may read at " + file);
      } else if (Files.size(file) > LARGEST_FILE) {
        problem.accept("expected a secret of at most " + LARGEST_FILE + " bytes in " + file);
      } else {
        String value = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        if (!value.isEmpty()) {
          return Secret.of(value);
        }
        problem.accept("expected a secret in " + file + ", which is empty");
      }
    } catch (IOException e) {
      problem.accept("expected a file that can be read at " + name + " (" + e.getMessage() + ")");
    } catch (InvalidPathException e) {
      problem.accept("expected a path after file: (" + e.getReason() + ")");
    }
    return null;
  }
}
