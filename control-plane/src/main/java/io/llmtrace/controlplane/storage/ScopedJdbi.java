package io.llmtrace.controlplane.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.policies.json.WireJson;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The database as callers of the API see it: a transaction in which row-level security shows the
 * given tenants and no other. A query bounds itself all the same; this is the second wall, for the
 * query that forgot. It does not hold against SQL that a caller wrote: who may send any statement
 * may also end the role. Thread-safe.
 */
public final class ScopedJdbi {
  private final Supplier<Jdbi> jdbi;

  public ScopedJdbi(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Reads what a caller may read with a permission.
   *
   * @throws StorageUnavailableException while the database is not ready
   */
  public <T, X extends Exception> T read(
      Caller caller, Permission permission, HandleCallback<T, X> work) throws X {
    return run(caller.tenants(permission), caller.actor(), "SET TRANSACTION READ ONLY", work);
  }

  /**
   * Reads as {@link #read}, all statements one state of the database.
   *
   * @throws StorageUnavailableException while the database is not ready
   */
  public <T, X extends Exception> T snapshot(
      Caller caller, Permission permission, HandleCallback<T, X> work) throws X {
    return run(
        caller.tenants(permission),
        caller.actor(),
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        work);
  }

  /**
   * Writes what a caller may write with a permission; all of it or nothing.
   *
   * @throws StorageUnavailableException while the database is not ready
   */
  public <T, X extends Exception> T write(
      Caller caller, Permission permission, HandleCallback<T, X> work) throws X {
    return run(caller.tenants(permission), caller.actor(), null, work);
  }

  private <T, X extends Exception> T run(
      TenantScope tenants, String actor, @Nullable String mode, HandleCallback<T, X> work)
      throws X {
    return jdbi.get()
        .inTransaction(
            handle -> {
              if (mode != null) {
                handle.execute(mode);
              }
              bound(handle, tenants, actor);
              return work.withHandle(handle);
            });
  }

  /** All of it ends with the transaction: a pooled connection goes back as it came. */
  static void bound(Handle handle, TenantScope tenants, String actor) {
    handle
        .createQuery(
            "SELECT set_config('llmtrace.tenants', :tenants, true),"
                + " set_config('llmtrace.caller', :actor, true),"
                + " set_config('role', '"
                + ApiRole.NAME
                + "', true)")
        .bind("tenants", setting(tenants))
        .bind("actor", actor)
        .mapTo(String.class)
        .one();
  }

  private static String setting(TenantScope tenants) {
    try {
      return tenants instanceof TenantScope.Only only
          ? WireJson.mapper().writeValueAsString(only.tenants())
          : "\"*\"";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names of tenants are text", e);
    }
  }
}
