package io.llmtrace.controlplane.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.yaml.Nearest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * All settings that there are, and the values that are stored. A tenant's values stand in its own
 * {@code settings}, where {@code /api/v1/tenants} shows them too; the installation's in a table of
 * one row. Kept in memory, because requests ask. Thread-safe.
 */
public final class Settings {
  /** A value that {@code llmtrace.yaml} says. */
  public record FromFile<T>(Setting<T> setting, T value) {}

  /** Where a value comes from. */
  public enum Source {
    DEFAULT,
    FILE,
    INSTALLATION,
    TENANT;

    String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * What holds.
   *
   * @param source where it comes from
   */
  record Held(JsonNode value, Source source) {}

  private record Valued<T>(T value, Source source) {}

  private final Map<String, Setting<?>> known = new TreeMap<>();
  private final Map<String, JsonNode> file = new HashMap<>();
  private volatile Map<String, JsonNode> tenants = Map.of();
  private volatile JsonNode installation = MissingNode.getInstance();

  /**
   * All that there is.
   *
   * @throws IllegalArgumentException when two have one key
   */
  public Settings(List<Setting<?>> all, List<FromFile<?>> fromFile) {
    List<Setting<?>> every = new ArrayList<>(all);
    for (FromFile<?> each : fromFile) {
      every.add(each.setting());
      file.put(each.setting().key(), written(each));
    }
    for (Setting<?> setting : every) {
      if (known.put(setting.key(), setting) != null) {
        throw new IllegalArgumentException("two settings are named " + setting.key());
      }
    }
  }

  private static <T> JsonNode written(FromFile<T> value) {
    return value.setting().json(value.value());
  }

  /** What holds for a tenant. */
  public <T> T of(String tenant, Setting<T> setting) {
    return valued(setting, tenants.get(tenant), installation).value();
  }

  /** What holds for the installation, and for tenants that have no value of their own. */
  public <T> T of(Setting<T> setting) {
    return valued(setting, null, installation).value();
  }

  /** Reads what is stored. */
  public void refresh(Jdbi jdbi) {
    jdbi.useHandle(
        handle -> {
          Map<String, JsonNode> read = new HashMap<>();
          handle
              .createQuery("SELECT id, settings::text AS s FROM tenants WHERE settings <> '{}'")
              .map((row, context) -> Map.entry(row.getString("id"), json(row.getString("s"))))
              .forEach(each -> read.put(each.getKey(), each.getValue()));
          installation = stored(handle, "").values();
          tenants = Map.copyOf(read);
        });
  }

  /** Values of the installation with their revision. */
  record Stored(JsonNode values, long revision) {}

  /**
   * The installation's.
   *
   * @param lock end of the statement
   */
  static Stored stored(Handle handle, String lock) {
    return handle
        .createQuery("SELECT \"values\"::text AS v, revision FROM settings" + lock)
        .map((row, context) -> new Stored(json(row.getString("v")), row.getLong("revision")))
        .one();
  }

  static JsonNode json(String text) {
    try {
      return WireJson.mapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored settings are no JSON", e);
    }
  }

  private static boolean isIn(Setting<?> setting, Setting.Scope scope) {
    return scope == Setting.Scope.INSTALLATION || setting.scope() == Setting.Scope.TENANT;
  }

  Map<String, Setting<?>> all(Setting.Scope scope) {
    Map<String, Setting<?>> all = new LinkedHashMap<>();
    known.forEach(
        (key, setting) -> {
          if (isIn(setting, scope)) {
            all.put(key, setting);
          }
        });
    return all;
  }

  /** What is wrong with a tenant's value, if anything; keys that are no setting hold anything. */
  public Optional<String> wrong(String key, JsonNode value) {
    Setting<?> setting = known.get(key);
    return setting == null
            || setting.scope() != Setting.Scope.TENANT
            || setting.of(value).isPresent()
        ? Optional.empty()
        : Optional.of("expected " + setting.expected());
  }

  /** What somebody must be allowed to change a setting, beside {@code settings:write}. */
  Permission permission(String key) {
    Setting<?> setting = known.get(key);
    return setting == null ? Permission.SETTINGS_WRITE : setting.permission();
  }

  /** What is wrong with a value that somebody wants to store, if anything. */
  Optional<String> problem(String key, JsonNode value, Setting.Scope scope) {
    Setting<?> setting = known.get(key);
    if (setting == null || !isIn(setting, scope)) {
      return Optional.of(
          "unknown setting" + Nearest.question(key, List.copyOf(all(scope).keySet())));
    }
    if (setting.scope() == Setting.Scope.FILE) {
      return Optional.of("expected none: it is set in llmtrace.yaml, with a restart");
    }
    return value.isNull() || setting.of(value).isPresent()
        ? Optional.empty()
        : Optional.of("expected " + setting.expected() + ", or null for none of its own");
  }

  /**
   * What holds, given stored values.
   *
   * @param own the tenant's, or null for the installation
   */
  <T> Held held(Setting<T> setting, @Nullable JsonNode own, JsonNode all) {
    Valued<T> valued = valued(setting, own, all);
    return new Held(setting.json(valued.value()), valued.source());
  }

  private <T> Valued<T> valued(Setting<T> setting, @Nullable JsonNode own, JsonNode all) {
    Valued<T> shipped = new Valued<>(setting.fallback(), Source.DEFAULT);
    // What the file says is known for every setting that it can say; the default is no word of it.
    Valued<T> written =
        setting
            .of(file.get(setting.key()))
            .filter(said -> !said.equals(setting.fallback()))
            .map(said -> new Valued<>(said, Source.FILE))
            .orElse(shipped);
    Valued<T> shared = nearer(setting, all, Source.INSTALLATION, written);
    return own == null ? shared : nearer(setting, own, Source.TENANT, shared);
  }

  private static <T> Valued<T> nearer(
      Setting<T> setting, JsonNode values, Source source, Valued<T> farther) {
    return setting
        .of(values.get(setting.key()))
        .filter(said -> setting.holdsOver(said, farther.value()))
        .map(said -> new Valued<>(said, source))
        .orElse(farther);
  }
}
