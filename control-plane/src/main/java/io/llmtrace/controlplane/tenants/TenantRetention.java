package io.llmtrace.controlplane.tenants;

import io.llmtrace.controlplane.settings.Setting;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.storage.RetentionClass;
import java.util.Arrays;

/**
 * How long a tenant's exchanges are kept: its setting {@code retention}, else the installation's,
 * else the standard class. Asked for every batch. Thread-safe.
 */
public final class TenantRetention {
  /** What {@code /api/v1/settings} shows of it. */
  public static final Setting<String> CLASS =
      Setting.choice(
          "retention",
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
}
