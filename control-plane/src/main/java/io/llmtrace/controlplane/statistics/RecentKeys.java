package io.llmtrace.controlplane.statistics;

/** Whose sums of the last hours are; each is empty where it is not known. */
public record RecentKeys(String tenant, String route, String provider, String model) {
  /** Of what belongs to no exchange. */
  public static final RecentKeys NONE = new RecentKeys("", "", "", "");

  /** What models are called that there is no room for. */
  public static final String OTHER = "other";

  static RecentKeys of(RollupJournal.Keys keys) {
    return new RecentKeys(keys.tenant(), keys.route(), keys.provider(), keys.model());
  }

  RecentKeys withoutModel() {
    return new RecentKeys(tenant, route, provider, OTHER);
  }
}
