package io.llmtrace.controlplane.access;

import io.dropwizard.jersey.setup.JerseyEnvironment;
import java.util.ArrayList;
import java.util.List;
import org.glassfish.jersey.internal.inject.AbstractBinder;
import org.glassfish.jersey.process.internal.RequestScoped;

/** Registers resources behind the checks of this package. Stateless. */
public final class Access {
  /** The one path under {@code /api} that asks for no key: the document of all the others. */
  public static final String DOCUMENT = "/api/v1/openapi.json";

  /** Where applications send spans: the path that OpenTelemetry has, guarded as the API is. */
  public static final String SPANS = "/v1/traces";

  private Access() {}

  /**
   * Registers the checks and the resources.
   *
   * @return the operations of the resources, for documents and for tests that walk them all
   * @throws IllegalStateException when a method under {@code /api} does not say what it asks for
   */
  public static List<ApiOperation> register(
      JerseyEnvironment jersey, Callers callers, List<Object> resources) {
    List<Class<?>> classes = new ArrayList<>();
    resources.forEach(resource -> classes.add(resource.getClass()));
    List<ApiOperation> operations = ApiOperation.of(classes);
    jersey.register(new AccessFilter(callers));
    jersey.register(new RequiresFeature());
    jersey.register(
        new AbstractBinder() {
          @Override
          protected void configure() {
            bindFactory(CallerSource.class).to(Caller.class).in(RequestScoped.class);
          }
        });
    resources.forEach(jersey::register);
    return operations;
  }
}
