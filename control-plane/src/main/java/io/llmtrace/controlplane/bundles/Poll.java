package io.llmtrace.controlplane.bundles;

import io.llmtrace.controlplane.access.ScopeText;
import io.llmtrace.controlplane.access.TenantScope;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an instance said when it asked. Immutable.
 *
 * @param node its name
 * @param tenants for which its key may report
 * @param running what it goes by; null for the built-in policy
 * @param refused what it last refused; null where it refused nothing since
 */
record Poll(
    String node,
    TenantScope tenants,
    Map<String, String> labels,
    @Nullable Tag running,
    @Nullable Refusal refused) {

  /**
   * A bundle that an instance does not go by.
   *
   * @param reason one word
   * @param revision of the bundle; 0 where it is not known
   * @param detail for people; empty where there is none
   */
  record Refusal(String reason, long revision, String detail) {
    /** The reason of an instance that had this number before, or a larger one. */
    static final String NOT_NEWER = "revision";
  }

  Poll {
    labels = java.util.Collections.unmodifiableMap(new TreeMap<>(labels));
  }

  /** The tenants as a text; the same for the same ones. */
  String scope() {
    return ScopeText.of(tenants);
  }
}
