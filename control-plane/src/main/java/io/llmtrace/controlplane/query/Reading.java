package io.llmtrace.controlplane.query;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;

/**
 * How the statements of a list are run. A transaction keeps its locks on every partition that it
 * opened, and a server has only so many, so lists over many days take one for each statement.
 */
public sealed interface Reading {
  /** Each statement in a transaction of its own, as the caller sees the database. */
  record Apart(ScopedJdbi jdbi, Caller caller, Permission permission) implements Reading {
    @Override
    public <T, X extends Exception> T run(HandleCallback<T, X> work) throws X {
      return jdbi.read(caller, permission, work);
    }
  }

  /** All in the transaction of a handle. */
  record Together(Handle handle) implements Reading {
    @Override
    public <T, X extends Exception> T run(HandleCallback<T, X> work) throws X {
      return work.withHandle(handle);
    }
  }

  /** Runs a statement. */
  <T, X extends Exception> T run(HandleCallback<T, X> work) throws X;
}
