package io.llmtrace.controlplane.access;

import static io.llmtrace.controlplane.access.Permission.ALERTS_READ;
import static io.llmtrace.controlplane.access.Permission.ALERTS_SEND;
import static io.llmtrace.controlplane.access.Permission.ALERTS_WRITE;
import static io.llmtrace.controlplane.access.Permission.AUDIT_READ;
import static io.llmtrace.controlplane.access.Permission.BUDGETS_READ;
import static io.llmtrace.controlplane.access.Permission.BUDGETS_WRITE;
import static io.llmtrace.controlplane.access.Permission.EXCHANGES_READ;
import static io.llmtrace.controlplane.access.Permission.EXPORT_READ;
import static io.llmtrace.controlplane.access.Permission.FINDINGS_READ;
import static io.llmtrace.controlplane.access.Permission.FINDINGS_WRITE;
import static io.llmtrace.controlplane.access.Permission.INSTANCES_READ;
import static io.llmtrace.controlplane.access.Permission.KEYS_READ;
import static io.llmtrace.controlplane.access.Permission.POLICIES_APPROVE;
import static io.llmtrace.controlplane.access.Permission.POLICIES_READ;
import static io.llmtrace.controlplane.access.Permission.POLICIES_WRITE;
import static io.llmtrace.controlplane.access.Permission.PRICES_READ;
import static io.llmtrace.controlplane.access.Permission.PRICES_WRITE;
import static io.llmtrace.controlplane.access.Permission.REPORTS_READ;
import static io.llmtrace.controlplane.access.Permission.SETTINGS_READ;
import static io.llmtrace.controlplane.access.Permission.SETTINGS_WRITE;
import static io.llmtrace.controlplane.access.Permission.STATISTICS_READ;
import static io.llmtrace.controlplane.access.Permission.TELEMETRY_WRITE;
import static io.llmtrace.controlplane.access.Permission.TENANTS_READ;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** A set of permissions with a name. This is the one table of who may do what. */
public enum Role {
  /**
   * Everything but sending telemetry. Content is for this role alone; who is to read it and nothing
   * else gets a key that is narrowed to it.
   */
  ADMIN(EnumSet.complementOf(EnumSet.of(TELEMETRY_WRITE))),
  /** Runs the installation: reads what is stored but no content, writes settings and budgets. */
  OPERATOR(
      EnumSet.of(
          EXCHANGES_READ,
          FINDINGS_READ,
          FINDINGS_WRITE,
          STATISTICS_READ,
          ALERTS_READ,
          ALERTS_WRITE,
          ALERTS_SEND,
          EXPORT_READ,
          REPORTS_READ,
          POLICIES_READ,
          POLICIES_WRITE,
          POLICIES_APPROVE,
          BUDGETS_READ,
          BUDGETS_WRITE,
          PRICES_READ,
          PRICES_WRITE,
          SETTINGS_READ,
          SETTINGS_WRITE,
          INSTANCES_READ,
          TENANTS_READ,
          KEYS_READ,
          AUDIT_READ)),
  /** Works on findings, by their masked evidence. */
  ANALYST(
      EnumSet.of(
          EXCHANGES_READ,
          FINDINGS_READ,
          FINDINGS_WRITE,
          STATISTICS_READ,
          ALERTS_READ,
          ALERTS_WRITE,
          EXPORT_READ,
          REPORTS_READ,
          POLICIES_READ,
          BUDGETS_READ,
          PRICES_READ,
          SETTINGS_READ,
          INSTANCES_READ,
          TENANTS_READ)),
  /** Looks. */
  VIEWER(
      EnumSet.of(
          EXCHANGES_READ,
          FINDINGS_READ,
          STATISTICS_READ,
          ALERTS_READ,
          POLICIES_READ,
          BUDGETS_READ,
          PRICES_READ,
          INSTANCES_READ,
          TENANTS_READ)),
  /** A gateway's plugin: sends telemetry, reads nothing. */
  INSTANCE(EnumSet.of(TELEMETRY_WRITE));

  // Unmodifiable, and of a set that nobody else has.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<Permission> permissions;

  Role(EnumSet<Permission> permissions) {
    this.permissions = Collections.unmodifiableSet(permissions);
  }

  public Set<Permission> permissions() {
    return permissions;
  }

  /** As keys and documents write it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role of a label, if there is one. */
  public static Optional<Role> of(String label) {
    return Arrays.stream(values()).filter(each -> each.label().equals(label)).findFirst();
  }
}
