package io.llmtrace.plugin.conf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.yaml.Nearest;
import io.llmtrace.runtime.config.OnUninspectable;
import io.llmtrace.runtime.config.PluginConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a route's JSON. Never fails: a key that is wrong keeps its default and is reported, so that
 * a typing error costs a warning and no traffic. Thread-safe.
 */
public final class RouteConfReader {
  /** A configuration is a few hundred bytes; one beyond this is a mistake, and is not parsed. */
  static final int MAX_CHARS = 64 * 1024;

  /** The settings of a route; gateway-config/README.md explains each. */
  public static final List<String> KEYS =
      List.of(
          "mode",
          "policy",
          "tenant",
          "agent",
          "budget_ms",
          "on_uninspectable",
          "block_style",
          "dialect",
          "redact",
          "answers",
          "capture",
          "tap");

  private static final int MIN_BUDGET_MS = 1;
  private static final int MAX_BUDGET_MS = 30_000;

  private final int defaultBudgetMs;
  private final OnUninspectable defaultOnUninspectable;
  private final Dialects dialects;
  private final CaptureReader.Full full;

  /**
   * A reader with the node's own defaults, which knows no mappings.
   *
   * @param defaultBudgetMs {@code plugin.budget_ms}
   * @param defaultOnUninspectable {@code plugin.on_uninspectable}
   */
  public RouteConfReader(int defaultBudgetMs, OnUninspectable defaultOnUninspectable) {
    this(
        defaultBudgetMs,
        defaultOnUninspectable,
        Dialects.builtIn(),
        CaptureReader.Full.NOT_ALLOWED);
  }

  /**
   * A reader with the node's own defaults.
   *
   * @param dialects the APIs that a route can ask for
   * @param full whether a route may ask for content as it is
   */
  RouteConfReader(
      int defaultBudgetMs,
      OnUninspectable defaultOnUninspectable,
      Dialects dialects,
      CaptureReader.Full full) {
    this.defaultBudgetMs = defaultBudgetMs;
    this.defaultOnUninspectable = defaultOnUninspectable;
    this.dialects = dialects;
    this.full = full;
  }

  /** A reader with the defaults of this node. */
  public static RouteConfReader of(PluginConfig plugin) {
    return new RouteConfReader(
        (int) plugin.budget().toMillis(),
        plugin.onUninspectable(),
        plugin.dialects(),
        plugin.capture().allowFull() ? CaptureReader.Full.ALLOWED : CaptureReader.Full.NOT_ALLOWED);
  }

  /**
   * The settings of a route.
   *
   * @param conf the route's {@code conf} entries in order: name and value
   */
  public RouteConf read(List<Map.Entry<String, String>> conf) {
    @Nullable String value = null;
    for (Map.Entry<String, String> entry : conf) {
      if (entry.getKey().equals(RouteConf.CONF_NAME)) {
        value = entry.getValue();
        break;
      }
    }
    Reading reading = new Reading();
    if (value == null) {
      reading.problems.add(
          "conf: expected an entry named '" + RouteConf.CONF_NAME + "'; defaults are in force");
    } else if (value.length() > MAX_CHARS) {
      reading.problems.add("value: expected at most " + MAX_CHARS + " characters of JSON");
    } else if (!value.isBlank()) {
      reading.parse(value);
    }
    return reading.build();
  }

  private final class Reading {
    private final List<String> problems = new ArrayList<>();
    private final Set<String> given = new HashSet<>();
    private @Nullable String policy;
    private @Nullable Mode mode;
    private String tenant = "default";
    private String agent = "";
    private int budgetMs = defaultBudgetMs;
    private OnUninspectable onUninspectable = defaultOnUninspectable;
    private BlockStyle blockStyle = BlockStyle.ERROR;
    private @Nullable Api dialect;
    private CaptureConf capture = CaptureConf.NONE;
    private boolean tap = true;
    private RedactConf redact = RedactConf.NONE;
    private boolean enforceAnswers;

    void parse(String json) {
      JsonNode root;
      try {
        root = WireJson.mapper().readTree(json);
      } catch (JsonProcessingException e) {
        problems.add("value: expected JSON: " + e.getOriginalMessage());
        return;
      }
      if (!root.isObject()) {
        problems.add("value: expected a JSON object");
        return;
      }
      root.properties().forEach(field -> key(field.getKey(), field.getValue()));
    }

    private void key(String key, JsonNode value) {
      if (!KEYS.contains(key)) {
        problems.add(key + ": unknown key" + Nearest.question(key, KEYS));
        return;
      }
      switch (key) {
        case "policy" -> text(key, value, text -> policy = text);
        case "mode" -> choice(key, value, Mode::of, "observe or enforce", m -> mode = m);
        case "tenant" -> text(key, value, text -> tenant = text);
        case "agent" -> text(key, value, text -> agent = text);
        case "budget_ms" -> budget(key, value);
        case "on_uninspectable" ->
            choice(
                key,
                value,
                text -> OnUninspectable.valueOf(text.toUpperCase(Locale.ROOT)),
                "pass or block",
                choice -> onUninspectable = choice);
        case "block_style" ->
            choice(
                key,
                value,
                text -> BlockStyle.valueOf(text.toUpperCase(Locale.ROOT)),
                "error, refusal or forbidden",
                choice -> blockStyle = choice);
        case "dialect" ->
            choice(
                key,
                value,
                text -> dialects.find(text).orElseThrow(() -> new IllegalArgumentException(text)),
                "one of " + String.join(", ", dialects.labels()),
                choice -> dialect = choice);
        case "capture" -> {
          given.add(key);
          capture = CaptureReader.read(value, full, problems);
        }
        case "tap" -> flag(key, value);
        case "redact" -> {
          given.add(key);
          redact = RedactReader.read(value, problems);
        }
        case "answers" -> answers(key, value);
        default -> throw new IllegalStateException(key + " is a key that nobody reads");
      }
    }

    private void text(String key, JsonNode value, java.util.function.Consumer<String> set) {
      if (value.isTextual() && !value.textValue().isBlank() && value.textValue().length() <= 200) {
        given.add(key);
        set.accept(value.textValue());
      } else {
        problems.add(key + ": expected a text of 1 to 200 characters");
      }
    }

    private <T> void choice(
        String key,
        JsonNode value,
        Function<String, T> read,
        String expected,
        java.util.function.Consumer<T> set) {
      if (value.isTextual()) {
        try {
          set.accept(read.apply(value.textValue()));
          given.add(key);
          return;
        } catch (IllegalArgumentException e) {
          problems.add(key + ": expected " + expected);
          return;
        }
      }
      problems.add(key + ": expected " + expected);
    }

    private void budget(String key, JsonNode value) {
      if (value.isIntegralNumber()
          && value.canConvertToInt()
          && value.intValue() >= MIN_BUDGET_MS
          && value.intValue() <= MAX_BUDGET_MS) {
        given.add(key);
        budgetMs = value.intValue();
      } else {
        problems.add(
            key + ": expected whole milliseconds from " + MIN_BUDGET_MS + " to " + MAX_BUDGET_MS);
      }
    }

    private void flag(String key, JsonNode value) {
      if (value.isBoolean()) {
        given.add(key);
        tap = value.booleanValue();
      } else {
        problems.add(key + ": expected true or false");
      }
    }

    private void answers(String key, JsonNode value) {
      JsonNode enforce = value.path("enforce");
      if (value.isObject() && value.size() == 1 && enforce.isBoolean()) {
        given.add(key);
        enforceAnswers = enforce.booleanValue();
      } else {
        problems.add(key + ": expected {\"enforce\": true} or {\"enforce\": false}");
      }
    }

    RouteConf build() {
      return new RouteConf(
          policy,
          mode,
          tenant,
          agent,
          budgetMs,
          onUninspectable,
          blockStyle,
          dialect,
          capture,
          tap,
          redact,
          enforceAnswers,
          given,
          problems);
    }
  }
}
