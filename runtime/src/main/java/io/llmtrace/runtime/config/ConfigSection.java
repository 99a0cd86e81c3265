package io.llmtrace.runtime.config;

import io.llmtrace.policies.yaml.Nearest;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * One mapping of the file while it is read. Each typed getter asks for a key, so the keys that were
 * asked for are the keys that exist: {@link #finish()} then refuses all others. A wrong value adds
 * a problem and yields the default, so that one reading finds every problem.
 */
final class ConfigSection {
  private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9][0-9_]*");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,9})?");
  private static final int MOST_SECTIONS = 16;
  private static final int MOST_TEXTS = 1000;
  private static final Pattern SIZE = Pattern.compile("([0-9]+) ?(B|KiB|MiB|GiB)?");
  private static final long LARGEST_SECRET_FILE = 65_536;

  private final Reading reading;
  private final String path;
  private final @Nullable Node at;
  private final Map<String, NodeTuple> entries = new LinkedHashMap<>();
  private final Set<String> asked = new LinkedHashSet<>();

  /** The section at a node; anything but a mapping is a problem and reads as an empty section. */
  ConfigSection(Reading reading, String path, @Nullable Node node) {
    this.reading = reading;
    this.path = path;
    this.at = node;
    if (node == null || isNull(node)) {
      return;
    }
    if (!(node instanceof MappingNode mapping)) {
      reading.problem(node, path, "expected a section with keys, was " + kind(node));
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        reading.problem(tuple.getKeyNode(), path, "expected a name as key");
        continue;
      }
      NodeTuple first = entries.putIfAbsent(key.getValue(), tuple);
      if (first != null) {
        reading.problem(
            key,
            full(key.getValue()),
            "expected once, was already given on line " + Reading.line(first.getKeyNode()));
      }
    }
  }

  /** Dotted path of the section; empty for the whole file. */
  String path() {
    return path;
  }

  /** Where the section begins, counted from 1. */
  int line() {
    return at == null ? 1 : Reading.line(at);
  }

  ConfigSection section(String key) {
    return new ConfigSection(reading, full(key), node(key));
  }

  /** One text of a list, with its place. */
  record Item(String text, Node node, String path) {}

  /** A list of texts; absent is empty. */
  List<Item> items(String key, String expected, int most) {
    note(key, "list of " + expected, "");
    List<Item> items = new ArrayList<>();
    List<Node> nodes = list(key, "a list of " + expected, most);
    for (int i = 0; i < nodes.size(); i++) {
      String at = full(key) + "[" + i + "]";
      @Nullable Scalar scalar = scalar(nodes.get(i), at, expected);
      if (scalar != null) {
        items.add(new Item(scalar.text(), nodes.get(i), at));
      }
    }
    return items;
  }

  /** One text, or a list of them; absent is empty. */
  List<Item> itemOrItems(String key, String expected, int most) {
    @Nullable Node node = node(key);
    if (!(node instanceof ScalarNode) || isNull(node)) {
      List<Item> items = items(key, expected, most);
      note(key, "one, or list of " + expected, "");
      return items;
    }
    note(key, "one, or list of " + expected, "");
    @Nullable Scalar scalar = scalar(node, full(key), expected);
    return scalar == null ? List.of() : List.of(new Item(scalar.text(), node, full(key)));
  }

  /** A list of sections; absent is empty. */
  List<ConfigSection> sections(String key) {
    return sections(key, MOST_SECTIONS);
  }

  List<ConfigSection> sections(String key, int most) {
    List<ConfigSection> sections = new ArrayList<>();
    List<Node> nodes = list(key, "a list of sections", most);
    for (int i = 0; i < nodes.size(); i++) {
      ConfigSection section = new ConfigSection(reading, full(key) + "[" + i + "]", nodes.get(i));
      // What is no section has been told as such; that all its keys are missing need not be.
      if (nodes.get(i) instanceof MappingNode) {
        sections.add(section);
      }
    }
    return sections;
  }

  private List<Node> list(String key, String expected, int most) {
    @Nullable Node node = node(key);
    if (node == null || isNull(node)) {
      return List.of();
    }
    if (!(node instanceof SequenceNode sequence)) {
      reading.problem(node, full(key), "expected " + expected + ", was " + kind(node));
      return List.of();
    }
    if (sequence.getValue().size() > most) {
      reading.problem(
          node, full(key), "expected at most " + most + ", was " + sequence.getValue().size());
      return List.of();
    }
    return sequence.getValue();
  }

  /** The keys that are there, in their order: for sections whose keys are the user's own. */
  List<String> keys() {
    return List.copyOf(entries.keySet());
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  /** Whether a key has keys of its own, rather than a value. */
  boolean isSection(String key) {
    @Nullable NodeTuple tuple = entries.get(key);
    return tuple != null && tuple.getValueNode() instanceof MappingNode;
  }

  boolean bool(String key, boolean fallback) {
    note(key, "true or false", Boolean.toString(fallback));
    @Nullable Scalar scalar = plain(key, "true or false");
    if (scalar == null) {
      return fallback;
    }
    return switch (scalar.text()) {
      case "true" -> true;
      case "false" -> false;
      default -> {
        wrong(key, "true or false", scalar.text());
        yield fallback;
      }
    };
  }

  int integer(String key, int fallback, int least, int most) {
    String expected = "an integer from " + least + " to " + most;
    note(key, expected, fallback < least ? "" : Integer.toString(fallback));
    @Nullable Scalar scalar = plain(key, expected);
    if (scalar == null) {
      return fallback;
    }
    return (int) inRange(key, scalar.text(), expected, fallback, least, most);
  }

  double number(String key, double fallback, double least, double most) {
    String expected = "a number from " + least + " to " + most;
    note(
        key,
        "a number from " + plain(least) + " to " + plain(most),
        fallback < least ? "" : plain(fallback));
    @Nullable Scalar scalar = plain(key, expected);
    if (scalar == null) {
      return fallback;
    }
    if (NUMBER.matcher(scalar.text()).matches()) {
      double value = Double.parseDouble(scalar.text());
      if (value >= least && value <= most) {
        return value;
      }
    }
    wrong(key, expected, scalar.text());
    return fallback;
  }

  Duration millis(String key, Duration fallback, long least, long most) {
    String expected = "milliseconds as an integer from " + least + " to " + most;
    note(key, expected, Long.toString(fallback.toMillis()));
    @Nullable Scalar scalar = plain(key, expected);
    if (scalar == null) {
      return fallback;
    }
    return Duration.ofMillis(
        inRange(key, scalar.text(), expected, fallback.toMillis(), least, most));
  }

  /** Bytes, as a plain number or with {@code KiB}, {@code MiB} or {@code GiB}. */
  long bytes(String key, long fallback, long least, long most) {
    String expected =
        "a size from " + least + " to " + most + " bytes, such as 262144, 256KiB or 16MiB";
    note(key, "a size from " + size(least) + " to " + size(most), size(fallback));
    @Nullable Scalar scalar = plain(key, expected);
    if (scalar == null) {
      return fallback;
    }
    Matcher size = SIZE.matcher(scalar.text());
    if (!size.matches()) {
      wrong(key, expected, scalar.text());
      return fallback;
    }
    String unit = size.group(2) == null ? "B" : size.group(2);
    long factor =
        switch (unit) {
          case "KiB" -> 1L << 10;
          case "MiB" -> 1L << 20;
          case "GiB" -> 1L << 30;
          default -> 1L;
        };
    String digits = size.group(1);
    if (digits.length() > 12 || Long.parseLong(digits) > most / factor) {
      wrong(key, expected, scalar.text());
      return fallback;
    }
    return inRange(
        key, Long.toString(Long.parseLong(digits) * factor), expected, fallback, least, most);
  }

  <E extends Enum<E>> E choice(String key, Class<E> type, E fallback) {
    List<String> names =
        Arrays.stream(type.getEnumConstants()).map(e -> e.name().toLowerCase(Locale.ROOT)).toList();
    String expected = "one of " + String.join(", ", names);
    note(key, expected, fallback.name().toLowerCase(Locale.ROOT));
    @Nullable Scalar scalar = text(key, expected);
    if (scalar == null) {
      return fallback;
    }
    if (!names.contains(scalar.text())) {
      wrong(key, expected, scalar.text());
      return fallback;
    }
    return Enum.valueOf(type, scalar.text().toUpperCase(Locale.ROOT));
  }

  String string(String key, String fallback, String expected, Predicate<String> valid) {
    note(key, expected, fallback);
    @Nullable Scalar scalar = text(key, expected);
    if (scalar == null) {
      return fallback;
    }
    if (scalar.text().isEmpty() || !valid.test(scalar.text())) {
      wrong(key, expected, scalar.text());
      return fallback;
    }
    return scalar.text();
  }

  /** A list of different texts; absent is an empty one. */
  Set<String> strings(String key, String expected, Predicate<String> valid) {
    Set<String> texts = new LinkedHashSet<>();
    for (Item item : items(key, expected, MOST_TEXTS)) {
      if (valid.test(item.text())) {
        texts.add(item.text());
      } else {
        reading.problem(
            item.node(),
            item.path(),
            "expected " + expected + ", was \"" + shown(item.text()) + "\"");
      }
    }
    return texts;
  }

  /** An optional text; empty counts as absent, so that {@code ${VAR:-}} can switch it off. */
  @Nullable String optionalString(String key) {
    note(key, "text", "");
    @Nullable Scalar scalar = text(key, "text");
    return scalar == null || scalar.text().isEmpty() ? null : scalar.text();
  }

  Path path(String key, Path fallback) {
    @Nullable Path given = optionalPath(key);
    note(key, "a path", fallback.toString());
    return given == null ? fallback : given;
  }

  /** A path; null where there is none, or none that can be used. */
  @Nullable Path optionalPath(String key) {
    String expected = "a path";
    note(key, expected, "");
    @Nullable Scalar scalar = text(key, expected);
    if (scalar == null) {
      return null;
    }
    try {
      if (!scalar.text().isBlank()) {
        return Path.of(scalar.text());
      }
      wrong(key, expected, scalar.text());
    } catch (InvalidPathException e) {
      wrong(key, expected + " (" + e.getReason() + ")", scalar.text());
    }
    return null;
  }

  URI httpUrl(String key, URI fallback) {
    String expected = "an address that starts with http:// or https://";
    note(key, expected, fallback.toString());
    @Nullable Scalar scalar = text(key, expected);
    if (scalar == null) {
      return fallback;
    }
    if (isHttpUrl(scalar.text())) {
      return URI.create(scalar.text());
    }
    wrong(key, expected, scalar.text());
    return fallback;
  }

  /** A secret that must be an address; like every secret it is not repeated in a problem. */
  @Nullable Secret httpUrlSecret(String key, boolean open) {
    @Nullable Secret secret = secret(key, open);
    if (secret != null && !isHttpUrl(secret.reveal())) {
      problem(key, "expected an address that starts with http:// or https://");
      return null;
    }
    return secret;
  }

  /**
   * A secret, in the file itself or as {@code file:…}.
   *
   * @param open whether a file that is named is read; the process whose secret it is not leaves it
   *     alone and gets {@code null}
   */
  @Nullable Secret secret(String key, boolean open) {
    note(key, "a secret", "");
    @Nullable Scalar scalar = text(key, "text, or file:… with the path of a file that holds it");
    if (scalar == null || scalar.text().isEmpty()) {
      return null;
    }
    if (!scalar.text().startsWith("file:")) {
      return Secret.of(scalar.text());
    }
    return open
        ? secretFile(problem -> problem(key, problem), scalar.text().substring("file:".length()))
        : null;
  }

  /** A list of secrets, each as {@link #secret}; absent is empty. */
  List<Secret> secrets(String key, boolean open, int most) {
    List<Secret> secrets = new ArrayList<>();
    for (Item item : items(key, "secrets, each text or file:… with the path of its file", most)) {
      if (item.text().isEmpty()) {
        problem(item, "expected a secret, was empty");
      } else if (!item.text().startsWith("file:")) {
        secrets.add(Secret.of(item.text()));
      } else if (open) {
        @Nullable Secret secret =
            secretFile(problem -> problem(item, problem), item.text().substring("file:".length()));
        if (secret != null) {
          secrets.add(secret);
        }
      }
    }
    return secrets;
  }

  private static @Nullable Secret secretFile(Consumer<String> problem, String name) {
    try {
      Path file = Path.of(name);
      if (!Files.isRegularFile(file)) {
        problem.accept("expected a file that exists at " + file);
      } else if (!Files.isReadable(file)) {
        problem.accept("expected a file that this process may read at " + file);
      } else if (Files.size(file) > LARGEST_SECRET_FILE) {
        problem.accept("expected a secret of at most " + LARGEST_SECRET_FILE + " bytes in " + file);
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

  /** Refuses every key that nobody asked for. */
  void finish() {
    entries.forEach(
        (key, tuple) -> {
          if (!asked.contains(key)) {
            String known =
                Nearest.to(key, asked)
                    .map(near -> "unknown key, expected \"" + near + "\"?")
                    .orElseGet(
                        () ->
                            asked.stream()
                                .sorted()
                                .collect(
                                    Collectors.joining(", ", "unknown key, expected one of ", "")));
            reading.problem(tuple.getKeyNode(), full(key), known);
          }
        });
  }

  /** A problem with the value of a key, or with the section where the key is absent or empty. */
  void problem(String key, String expectation) {
    @Nullable NodeTuple tuple = entries.get(key);
    reading.problem(tuple == null ? at : tuple.getValueNode(), full(key), expectation);
  }

  /** A problem with one text of a list. */
  void problem(Item item, String expectation) {
    reading.problem(item.node(), item.path(), expectation);
  }

  private void note(String key, String type, String fallback) {
    reading.asked(new AskedKey(full(key), type, fallback));
  }

  private static String plain(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  /** As a file would say it. */
  private static String size(long bytes) {
    String[] units = {"", "KiB", "MiB", "GiB"};
    int unit = 0;
    long rest = bytes;
    while (unit < units.length - 1 && rest >= 1024 && rest % 1024 == 0) {
      rest /= 1024;
      unit++;
    }
    return rest + units[unit];
  }

  private void wrong(String key, String expected, String value) {
    problem(key, "expected " + expected + ", was \"" + shown(value) + "\"");
  }

  private static String shown(String value) {
    return value.length() > 60 ? value.substring(0, 60) + "…" : value;
  }

  private long inRange(
      String key, String text, String expected, long fallback, long least, long most) {
    String digits = text.replace("_", "");
    if (INTEGER.matcher(text).matches() && digits.length() <= 18) {
      long value = Long.parseLong(digits);
      if (value >= least && value <= most) {
        return value;
      }
    }
    wrong(key, expected, text);
    return fallback;
  }

  private @Nullable Node node(String key) {
    asked.add(key);
    @Nullable NodeTuple tuple = entries.get(key);
    return tuple == null ? null : tuple.getValueNode();
  }

  /** A scalar that must be written without quotes, unless a variable stands in it. */
  private @Nullable Scalar plain(String key, String expected) {
    @Nullable Scalar scalar = text(key, expected);
    if (scalar != null && scalar.quoted()) {
      problem(key, "expected " + expected + ", was text in quotes");
      return null;
    }
    return scalar;
  }

  private @Nullable Scalar text(String key, String expected) {
    @Nullable Node node = node(key);
    return node == null || isNull(node) ? null : scalar(node, full(key), expected);
  }

  private @Nullable Scalar scalar(Node node, String where, String expected) {
    if (!(node instanceof ScalarNode scalar)) {
      reading.problem(node, where, "expected " + expected + ", was " + kind(node));
      return null;
    }
    Substitution filled = Substitution.of(scalar.getValue(), reading.env());
    if (!filled.missing().isEmpty()) {
      for (String name : filled.missing()) {
        reading.problem(
            node,
            where,
            "expected the environment variable " + name + ", or a default: ${" + name + ":-…}");
      }
      return null;
    }
    boolean quoted = scalar.getScalarStyle() != ScalarStyle.PLAIN && !filled.substituted();
    return new Scalar(filled.text(), quoted);
  }

  private String full(String key) {
    if (key.isEmpty()) {
      return path;
    }
    return path.isEmpty() ? key : path + "." + key;
  }

  private static boolean isNull(Node node) {
    return node instanceof ScalarNode scalar
        && scalar.getScalarStyle() == ScalarStyle.PLAIN
        && (scalar.getValue().isEmpty()
            || scalar.getValue().equals("null")
            || scalar.getValue().equals("~"));
  }

  private static String kind(Node node) {
    if (node instanceof MappingNode) {
      return "a section";
    }
    return node instanceof SequenceNode ? "a list" : "a single value";
  }

  private static boolean isHttpUrl(String text) {
    try {
      URI uri = new URI(text);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private record Scalar(String text, boolean quoted) {}
}
