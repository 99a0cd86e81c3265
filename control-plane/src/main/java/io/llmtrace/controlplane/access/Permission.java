package io.llmtrace.controlplane.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * One thing that somebody may do, and the scope by which a key is narrowed to it. Who has which is
 * said by {@link Role}.
 */
public enum Permission {
  /** Exchanges and conversations, without their content. */
  EXCHANGES_READ,
  FINDINGS_READ,
  /** State, comment and feedback of findings. */
  FINDINGS_WRITE,
  STATISTICS_READ,
  /** Incidents, silences, rules, channels without their secrets, and deliveries. */
  ALERTS_READ,
  /** Acknowledge, silence, resolve and comment. */
  ALERTS_WRITE,
  /** Try channels, and send again what was given up. */
  ALERTS_SEND,
  /** Exports of many rows. */
  EXPORT_READ,
  REPORTS_READ,
  /** Captured content; every read is audited. */
  CONTENT_READ,
  /** Erasure of a data subject, legal hold. */
  DATA_ERASE,
  /** Policies, their history, what instances were given, and checks that store nothing. */
  POLICIES_READ,
  /** Edit policies, try them, and say which versions hold. */
  POLICIES_WRITE,
  /** Approve somebody else's version. */
  POLICIES_APPROVE,
  BUDGETS_READ,
  BUDGETS_WRITE,
  PRICES_READ,
  PRICES_WRITE,
  SETTINGS_READ,
  SETTINGS_WRITE,
  INSTANCES_READ,
  TENANTS_READ,
  TENANTS_WRITE,
  KEYS_READ,
  KEYS_WRITE,
  AUDIT_READ,
  /** What plugins send; held by keys of instances alone. */
  TELEMETRY_WRITE;

  /** As scopes and documents write it, such as {@code exchanges:read}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ':');
  }

  /** The permission of a label, if there is one. */
  public static Optional<Permission> of(String label) {
    return Arrays.stream(values()).filter(each -> each.label().equals(label)).findFirst();
  }
}
