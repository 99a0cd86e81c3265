package io.llmtrace.controlplane.tenants;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.storage.RetentionClass;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * How long a tenant's exchanges are kept: its setting {@code retention}, else the standard class.
 * Kept in memory, because every batch asks. Thread-safe.
 */
public final class TenantRetention {
  /** The key in a tenant's settings. */
  public static final String SETTING = "retention";

  private volatile Map<String, RetentionClass> classes = Map.of();

  public RetentionClass of(String tenant) {
    return classes.getOrDefault(tenant, RetentionClass.STANDARD);
  }

  /** Reads the settings; what is stored from now on follows them. */
  public void refresh(Jdbi jdbi) {
    Map<String, RetentionClass> read = new HashMap<>();
    jdbi.useHandle(
        handle ->
            handle
                .createQuery(
                    "SELECT id, settings->>:setting AS class FROM tenants"
                        + " WHERE jsonb_typeof(settings->:setting) = 'string'")
                .bind("setting", SETTING)
                .map((row, context) -> Map.entry(row.getString("id"), row.getString("class")))
                .forEach(
                    entry ->
                        parse(entry.getValue()).ifPresent(kept -> read.put(entry.getKey(), kept))));
    classes = Map.copyOf(read);
  }

  /** What is wrong with a tenant's settings in this respect, or null. */
  static @Nullable String problem(JsonNode settings) {
    JsonNode value = settings.path(SETTING);
    return value.isMissingNode() || (value.isTextual() && parse(value.asText()).isPresent())
        ? null
        : "expected short, standard, long or hold";
  }

  private static Optional<RetentionClass> parse(String label) {
    for (RetentionClass each : RetentionClass.values()) {
      if (each.label().equals(label)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
