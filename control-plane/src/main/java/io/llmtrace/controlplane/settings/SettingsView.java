package io.llmtrace.controlplane.settings;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings with what holds and where it comes from.
 *
 * @param tenant whose; absent for the installation's
 * @param settings by key
 * @param revision of the last change of what is stored for it
 */
record SettingsView(@Nullable String tenant, List<Line> settings, long revision) {
  /**
   * A setting.
   *
   * @param source {@code default}, {@code file}, {@code installation} or {@code tenant}
   * @param fallback what holds where nobody said otherwise
   * @param scope {@code tenant}, {@code installation}, or {@code file}: not to be changed here
   * @param expected what a value must be
   */
  record Line(
      String key,
      JsonNode value,
      String source,
      JsonNode fallback,
      String scope,
      String expected,
      String description) {}

  static SettingsView of(
      Settings known,
      @Nullable String tenant,
      @Nullable JsonNode own,
      JsonNode installation,
      long revision) {
    Setting.Scope scope = tenant == null ? Setting.Scope.INSTALLATION : Setting.Scope.TENANT;
    List<Line> lines = new ArrayList<>();
    known.all(scope).values().forEach(each -> lines.add(line(known, each, own, installation)));
    return new SettingsView(tenant, lines, revision);
  }

  private static <T> Line line(
      Settings known, Setting<T> setting, @Nullable JsonNode own, JsonNode installation) {
    Settings.Held held = known.held(setting, own, installation);
    return new Line(
        setting.key(),
        held.value(),
        held.source().label(),
        setting.json(setting.fallback()),
        setting.scope().name().toLowerCase(java.util.Locale.ROOT),
        setting.expected(),
        setting.description());
  }
}
