package io.llmtrace.controlplane.tenants;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.settings.Setting;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.storage.RetentionClass;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How long a tenant's exchanges are kept: its setting {@code retention}, else the installation's,
 * else the standard class. Asked for every batch. Thread-safe.
 */
public final class TenantRetention {
  /** The key in a tenant's settings. */
  public static final String SETTING = "retention";

  /** What {@code /api/v1/settings} shows of it. */
  public static final Setting<String> CLASS =
      Setting.choice(
          SETTING,
          Setting.Scope.TENANT,
          RetentionClass.STANDARD.label(),
          Arrays.stream(RetentionClass.values()).map(RetentionClass::label).toList(),
          "Class of exchanges that come from now on; how many days each is kept stands in the file.");

  private final Settings settings;

  public TenantRetention(Settings settings) {
    this.settings = settings;
  }

  public RetentionClass of(String tenant) {
    return RetentionClass.of(settings.of(tenant, CLASS));
  }

  /** What is wrong with a tenant's settings in this respect, or null. */
  static @Nullable String problem(JsonNode settings) {
    JsonNode value = settings.path(SETTING);
    return value.isMissingNode() || CLASS.parse().apply(value).isPresent()
        ? null
        : "expected short, standard, long or hold";
  }
}
