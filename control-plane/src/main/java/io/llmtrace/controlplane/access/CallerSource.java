package io.llmtrace.controlplane.access;

import jakarta.inject.Inject;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.function.Supplier;

/** Gives resources the caller of the request at hand. */
final class CallerSource implements Supplier<Caller> {
  private final ContainerRequestContext request;

  @Inject
  CallerSource(ContainerRequestContext request) {
    this.request = request;
  }

  @Override
  public Caller get() {
    return Caller.of(request);
  }
}
