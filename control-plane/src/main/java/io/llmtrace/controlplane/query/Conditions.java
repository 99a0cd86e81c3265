package io.llmtrace.controlplane.query;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The end of a {@code WHERE} with the values bound in it. Not thread-safe. */
public final class Conditions {
  private final StringBuilder sql = new StringBuilder();
  private final Map<String, Object> binds = new LinkedHashMap<>();

  /** Conditions that bound a query to the tenants for which the caller has a permission. */
  public static Conditions of(Caller caller, Permission permission, String tenantColumn) {
    Conditions conditions = new Conditions();
    if (caller.tenants(permission) instanceof TenantScope.Only only) {
      conditions.and(tenantColumn + " = ANY(:own)").bind("own", strings(only.tenants()));
    }
    return conditions;
  }

  static String[] strings(java.util.Collection<String> values) {
    return values.toArray(String[]::new);
  }

  /** A condition without values of callers in its text. */
  public Conditions and(String condition) {
    sql.append(" AND (").append(condition).append(')');
    return this;
  }

  public Conditions bind(String name, Object value) {
    binds.put(name, value);
    return this;
  }

  /** A condition of one value; none without it. */
  public Conditions when(String condition, String name, @Nullable Object value) {
    return value == null ? this : and(condition).bind(name, value);
  }

  /** Begins with {@code AND}, or is empty. */
  public String sql() {
    return sql.toString();
  }

  /** The same, with its values put beside those of the rest of a statement. */
  public String into(Map<String, Object> all) {
    all.putAll(binds);
    return sql();
  }

  public Map<String, Object> binds() {
    return Map.copyOf(binds);
  }
}
