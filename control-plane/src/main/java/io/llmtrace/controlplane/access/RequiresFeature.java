package io.llmtrace.controlplane.access;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;

/** Puts before each method what its {@link Requires} says. */
final class RequiresFeature implements DynamicFeature {
  @Override
  public void configure(ResourceInfo resource, FeatureContext context) {
    Requires requires = resource.getResourceMethod().getAnnotation(Requires.class);
    if (requires != null) {
      context.register(new RequiresFilter(requires));
    } else if (resource.getResourceMethod().isAnnotationPresent(AnyCaller.class)) {
      context.register(new CallerFilter());
    }
  }

  @Priority(Priorities.AUTHORIZATION)
  private record RequiresFilter(Requires requires) implements ContainerRequestFilter {
    @Override
    public void filter(ContainerRequestContext request) {
      Caller caller = Caller.of(request);
      if (requires.reach() == Reach.INSTALLATION) {
        caller.require(requires.value(), TenantScope.all());
      } else if (caller.tenants(requires.value()).isEmpty()) {
        throw Caller.refusal(requires.value());
      }
    }
  }

  @Priority(Priorities.AUTHORIZATION)
  private record CallerFilter() implements ContainerRequestFilter {
    @Override
    public void filter(ContainerRequestContext request) {
      Caller unused = Caller.of(request);
    }
  }
}
