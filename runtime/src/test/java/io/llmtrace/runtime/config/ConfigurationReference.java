package io.llmtrace.runtime.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * {@code docs/reference/configuration.md}, made of what is asked for while {@code
 * llmtrace.example.yaml} is read with all its optional keys: names, types, bounds and defaults are
 * the reader's, meanings are the comments of the example, beside a key or above it, or stand in
 * {@code configuration-meanings.properties}.
 */
final class ConfigurationReference {
  static final String HOST = "the-host-name";

  private static final String HEAD =
      """
      # Configuration reference

      Every key of `llmtrace.yaml`, the one file of both processes. Made by `ConfigurationReferenceTest` from what the reader asks for and
      from the comments of [llmtrace.example.yaml](../../llmtrace.example.yaml) and `configuration-meanings.properties`; not edited by hand. It is written anew by
      `mvn test -pl runtime -am -Dtest=ConfigurationReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dllmtrace.docs.write=true`.

      `./llmtrace config validate FILE` says what is wrong in a file, with line and key, and starts nothing. A key that does not exist, a wrong type and a value
      out of range are refused at start. `${VAR}` and `${VAR:-default}` are filled in from the environment. A secret is the text itself, or `file:PATH`
      with the path of a file that holds it. Sizes are bytes, or a number with KiB, MiB or GiB. Relative paths are relative to the working directory of the
      process. A channel may also be the section of its kind, such as `alerts.slack`, with the keys of an entry of `alerts.channels` but `type`. `[]` after a name is each entry of a list. NAME stands for a name of your own, which the
      last column explains. `–` is no default.
      """;

  /** Sections whose keys are the user's own names. */
  private static final List<Pattern> OWN_NAMES =
      List.of(
          Pattern.compile("^(alerts\\.rules)\\.[^.]+"),
          Pattern.compile("^(models\\[\\]\\.labels)\\.[^.]+"),
          Pattern.compile("^(control_plane\\.oidc\\.role_map)\\.[^.]+"),
          Pattern.compile("^(control_plane\\.telemetry\\.headers)\\.[^.]+"),
          Pattern.compile("^(plugin\\.policies\\.labels)\\.[^.]+"),
          Pattern.compile("^(alerts\\.channels\\[\\]\\.match)\\.[^.]+"));

  /**
   * Where the reader's fallback is only what it goes on with, and the rule or the price decides.
   */
  private static final Pattern NO_DEFAULT =
      Pattern.compile(
          "alerts\\.rules\\.NAME\\..*|limits\\[\\]\\.cost_usd\\.(hour|day|week|month)"
              + "|alerts\\.public_url|prices\\[\\]\\.(input|cached_input|cache_write|output|as_of|source)"
              + "|control_plane\\.oidc\\.role_map\\.NAME|alerts\\.escalation\\[\\]\\.after_minutes");

  /** The short form of a channel has the keys of one in the list. */
  private static final Pattern SHORT_CHANNEL =
      Pattern.compile("^alerts\\.(slack|pagerduty|webhook|alertmanager|teams|email)(?=\\.|$)");

  /** The form of before there were channels, which still works and is not told. */
  private static final Set<String> OLDER =
      Set.of("alerts.webhook_url", "alerts.min_severity", "alerts.min_security_score");

  private static final String SUPPLEMENT = "/configuration-meanings.properties";

  private final Map<String, AskedKey> keys = new LinkedHashMap<>();
  private final Map<String, String> meanings = new HashMap<>();
  private final Properties supplement = new Properties();

  /**
   * Of an example.
   *
   * @param example the text of {@code llmtrace.example.yaml}
   */
  ConfigurationReference(String example) throws IOException {
    try (InputStream in = ConfigurationReference.class.getResourceAsStream(SUPPLEMENT)) {
      supplement.load(new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.UTF_8));
    }
    String all = example.replaceAll("(?m)^( *)#- ", "$1");
    for (AskedKey key : ConfigFile.asked(all, Map.of("HOSTNAME", HOST))) {
      String path = general(key.path());
      AskedKey before = keys.get(path);
      // Kinds of channels have defaults of their own; what they agree on is told.
      String fallback =
          before != null && !before.fallback().equals(key.fallback()) ? "" : key.fallback();
      keys.put(path, new AskedKey(path, key.type(), fallback));
    }
    List<String> lines = all.lines().toList();
    new Compose(LoadSettings.builder().setUseMarks(true).build())
        .composeString(all)
        .ifPresent(root -> read(root, "", lines));
  }

  private static String general(String path) {
    String name =
        SHORT_CHANNEL
            .matcher(path.replaceAll("\\[\\d+\\]", "[]"))
            .replaceFirst("alerts.channels[]");
    for (Pattern own : OWN_NAMES) {
      name = own.matcher(name).replaceFirst("$1.NAME");
    }
    return name;
  }

  private void read(Node node, String path, List<String> lines) {
    if (node instanceof SequenceNode sequence) {
      sequence.getValue().forEach(each -> read(each, path + "[]", lines));
    }
    if (!(node instanceof MappingNode mapping)) {
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      String key = ((ScalarNode) tuple.getKeyNode()).getValue();
      String at = general(path.isEmpty() ? key : path + "." + key);
      String meaning = comment(lines, Reading.line(tuple.getKeyNode()) - 1);
      if (!meaning.isEmpty()) {
        meanings.putIfAbsent(at, meaning);
      }
      read(tuple.getValueNode(), at, lines);
    }
  }

  private static final Pattern BESIDE =
      Pattern.compile("^[^#]*?(?:\"[^\"]*\"[^#]*?)*\\s#\\s?(.*)$");
  private static final Pattern ABOVE = Pattern.compile("^\\s*# (.*)$");

  /** Beside a key, else the lines directly above it. */
  private static String comment(List<String> lines, int line) {
    Matcher beside = BESIDE.matcher(lines.get(line));
    if (beside.matches()) {
      return beside.group(1).strip();
    }
    List<String> above = new ArrayList<>();
    for (int i = line - 1; i >= 0; i--) {
      Matcher comment = ABOVE.matcher(lines.get(i));
      if (!comment.matches()) {
        break;
      }
      above.add(0, comment.group(1).strip());
    }
    return String.join(" ", above);
  }

  /** Keys of which nobody says what they mean. */
  List<String> unexplained() {
    return keys.keySet().stream()
        .filter(key -> !OLDER.contains(key) && meaning(key).isEmpty())
        .toList();
  }

  /** Meanings of keys that are none. */
  List<String> stale() {
    return supplement.stringPropertyNames().stream()
        .filter(key -> !keys.containsKey(key))
        .sorted()
        .toList();
  }

  private String meaning(String key) {
    return supplement.getProperty(key, meanings.getOrDefault(key, ""));
  }

  String page() {
    Map<String, List<AskedKey>> sections = new LinkedHashMap<>();
    keys.values().stream()
        .filter(key -> !OLDER.contains(key.path()))
        .forEach(
            key ->
                sections.computeIfAbsent(section(key.path()), name -> new ArrayList<>()).add(key));
    StringBuilder page = new StringBuilder(HEAD);
    sections.forEach(
        (name, all) -> {
          page.append("\n## ").append(name).append('\n');
          String about = meanings.getOrDefault(name.replace("[]", ""), "");
          if (!about.isEmpty()) {
            page.append(sentence(linked(about))).append("\n\n");
          }
          page.append("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
          all.forEach(key -> page.append(row(name, key)));
        });
    return page.toString();
  }

  /** The first two names of sections that have sections, else the first. */
  private static String section(String path) {
    String[] parts = path.split("\\.", -1);
    boolean deep = Set.of("control_plane", "plugin", "alerts", "detection").contains(parts[0]);
    return deep && parts.length > 2 ? parts[0] + "." + parts[1] : parts[0];
  }

  private String row(String section, AskedKey key) {
    String name =
        key.path().startsWith(section + ".")
            ? key.path().substring(section.length() + 1)
            : key.path();
    String fallback = key.fallback().equals(HOST) ? "the host's name" : code(key.fallback());
    if (NO_DEFAULT.matcher(key.path()).matches() || key.fallback().isEmpty()) {
      fallback = key.type().startsWith("list of") ? "empty" : "–";
    }
    return "| `%s` | %s | %s | %s |\n"
        .formatted(name, cell(type(key.type())), fallback, cell(linked(meaning(key.path()))));
  }

  private static String type(String type) {
    return type.replaceFirst("^milliseconds as an integer from", "milliseconds, from")
        .replaceFirst("^an? (integer|number|size) from", "$1, from");
  }

  private static String code(String text) {
    return "`" + text + "`";
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }

  private static String sentence(String text) {
    return text.endsWith(".") ? text : text + ".";
  }

  /** Pages that comments name, as links from where the reference is. */
  private static String linked(String text) {
    return text.replaceAll("docs/reference/([a-z-]+)\\.md", "[$1]($1.md)");
  }
}
