package io.llmtrace.runtime.config;

import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * One mapping of the file while it is read. Each typed getter asks for a key, so the keys that were
 * asked for are the keys that exist: {@link #finish()} then refuses all others. A wrong value adds
 * a problem and yields the default, so that one reading finds every problem.
 */
final class ConfigSection extends ConfigKeys {
  private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9][0-9_]*");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,9})?");
  private static final int MOST_SECTIONS = 16;
  private static final int MOST_TEXTS = 1000;
  private static final Pattern SIZE = Pattern.compile("([0-9]+) ?(B|KiB|MiB|GiB)?");

  /** The section at a node; anything but a mapping is a problem and reads as an empty section. */
  ConfigSection(Reading reading, String path, @Nullable Node node) {
    super(reading, path, node);
  }

  ConfigSection section(String key) {
    return new ConfigSection(reading, full(key), node(key));
  }

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
        ? SecretFiles.read(
            problem -> problem(key, problem), scalar.text().substring("file:".length()))
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
            SecretFiles.read(
                problem -> problem(item, problem), item.text().substring("file:".length()));
        if (secret != null) {
          secrets.add(secret);
        }
      }
    }
    return secrets;
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

  private static boolean isHttpUrl(String text) {
    try {
      URI uri = new URI(text);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
