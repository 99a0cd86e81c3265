package io.llmtrace.controlplane;

import io.llmtrace.controlplane.budgets.BudgetsResource;
import io.llmtrace.controlplane.policies.Approval;
import io.llmtrace.controlplane.settings.Setting;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.settings.Settings.FromFile;
import io.llmtrace.controlplane.tenants.TenantRetention;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.RateLimitConfig;
import io.llmtrace.runtime.config.RetentionConfig;
import java.util.List;

/** All settings that the service has: a line a setting of a feature, and what the file says. */
final class ServiceSettings {
  private ServiceSettings() {}

  static Settings of(ControlPlaneConfig config) {
    return new Settings(
        List.of(TenantRetention.CLASS, BudgetsResource.ENFORCEMENT), fromFile(config));
  }

  private static List<FromFile<?>> fromFile(ControlPlaneConfig config) {
    RetentionConfig days = RetentionConfig.defaults();
    RateLimitConfig rate = RateLimitConfig.defaults();
    RetentionConfig kept = config.retention();
    return List.of(
        days("short", days.shortDays(), kept.shortDays()),
        days("standard", days.standardDays(), kept.standardDays()),
        days("long", days.longDays(), kept.longDays()),
        number(
            "rate_limit.requests_per_second",
            rate.requestsPerSecond(),
            config.rateLimit().requestsPerSecond(),
            "Requests a second of one key."),
        number(
            "rate_limit.burst",
            rate.burst(),
            config.rateLimit().burst(),
            "Requests that one key may send at once."),
        new FromFile<>(
            Approval.SETTING,
            config.policies().approval().name().toLowerCase(java.util.Locale.ROOT)));
  }

  private static FromFile<Long> days(String name, int fallback, int value) {
    return number(
        "retention." + name + "_days",
        fallback,
        value,
        "Days that exchanges of the class " + name + " are kept.");
  }

  private static FromFile<Long> number(String key, int fallback, int value, String description) {
    return new FromFile<>(
        Setting.wholeNumber(key, Setting.Scope.FILE, fallback, 0, Integer.MAX_VALUE, description),
        (long) value);
  }
}
