package io.llmtrace.plugin.conf;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.SensitiveKind;
import io.llmtrace.policies.detect.sensitive.SensitiveKinds;
import io.llmtrace.policies.policy.RedactRule;
import io.llmtrace.policies.yaml.Nearest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads the key {@code redact}: an object, or a list of names of types and kinds. A wrong name is
 * reported and the others count, so that one slip does not let everything through.
 */
final class RedactReader {
  private static final String KEY = "redact";
  private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}");
  private static final Map<String, FindingType> TYPES = new java.util.TreeMap<>();
  private static final Set<String> KINDS = new TreeSet<>();

  static {
    Arrays.stream(FindingType.values()).forEach(type -> TYPES.put(type.label(), type));
    SensitiveKinds.all().stream().map(SensitiveKind::id).forEach(KINDS::add);
  }

  private final List<String> problems;
  private final Set<FindingType> types = EnumSet.noneOf(FindingType.class);
  private final Set<String> kinds = new TreeSet<>();
  private Severity least = Severity.LOW;
  private boolean reversible;
  private String conversationHeader = "";

  private RedactReader(List<String> problems) {
    this.problems = problems;
  }

  static RedactConf read(JsonNode value, List<String> problems) {
    RedactReader reader = new RedactReader(problems);
    if (value.isArray()) {
      reader.names(KEY, value, true, true);
    } else if (value.isObject()) {
      value.properties().forEach(field -> reader.key(field.getKey(), field.getValue()));
      if (reader.types.isEmpty() && reader.kinds.isEmpty()) {
        problems.add(KEY + ": expected types or kinds; nothing is redacted");
      }
    } else {
      problems.add(KEY + ": expected an object, or a list of finding types and kinds");
    }
    return new RedactConf(
        new RedactRule(reader.types, reader.kinds, reader.least),
        reader.reversible,
        reader.conversationHeader);
  }

  private void key(String key, JsonNode value) {
    String where = KEY + "." + key;
    switch (key) {
      case "types" -> names(where, value, true, false);
      case "kinds" -> names(where, value, false, true);
      case "reversible" -> {
        if (value.isBoolean()) {
          reversible = value.booleanValue();
        } else {
          problems.add(where + ": expected true or false");
        }
      }
      case "min_severity" -> severity(where, value);
      case "conversation_header" -> {
        if (value.isTextual() && HEADER.matcher(value.textValue()).matches()) {
          conversationHeader = value.textValue().toLowerCase(Locale.ROOT);
        } else {
          problems.add(where + ": expected the name of a request header");
        }
      }
      default ->
          problems.add(
              where
                  + ": unknown key"
                  + Nearest.question(
                      key,
                      List.of(
                          "types", "kinds", "reversible", "min_severity", "conversation_header")));
    }
  }

  private void severity(String where, JsonNode value) {
    for (Severity severity : Severity.values()) {
      if (severity.label().equals(value.asText())) {
        least = severity;
        return;
      }
    }
    problems.add(where + ": expected info, low, medium, high or critical");
  }

  private void names(String where, JsonNode list, boolean ofTypes, boolean ofKinds) {
    if (!list.isArray()) {
      problems.add(where + ": expected a list of names");
      return;
    }
    for (JsonNode item : list) {
      String name = item.asText();
      FindingType type = ofTypes ? TYPES.get(name) : null;
      if (type != null) {
        types.add(type);
      } else if (ofKinds && KINDS.contains(name)) {
        kinds.add(name);
      } else {
        problems.add(where + ": " + unknown(name, ofTypes, ofKinds));
      }
    }
  }

  private static String unknown(String name, boolean ofTypes, boolean ofKinds) {
    List<String> valid = new ArrayList<>(ofTypes ? TYPES.keySet() : Set.of());
    valid.addAll(ofKinds ? KINDS : Set.of());
    String shown = name.length() <= 60 ? name : name.substring(0, 60);
    return (ofTypes && ofKinds
            ? "no finding type and no kind"
            : ofTypes ? "no finding type" : "no kind")
        + " is called \""
        + shown
        + '"'
        + Nearest.question(shown, valid);
  }
}
