package io.llmtrace.controlplane.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.DynamicFeature;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.FeatureContext;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Bodies that say that they are something else than JSON are refused before they are read, by each
 * method that reads its body as JSON: those that say otherwise have {@link Consumes}. A body that
 * does not say what it is may come, and is read as JSON or refused.
 */
public final class JsonBodies implements DynamicFeature {
  @Override
  public void configure(ResourceInfo resource, FeatureContext context) {
    Method method = resource.getResourceMethod();
    if (reads(method) && !method.isAnnotationPresent(Consumes.class)) {
      context.register(new JsonFilter());
    }
  }

  /** Whether a method of a resource reads a body. */
  public static boolean reads(Method method) {
    return Arrays.asList(method.getParameterTypes()).contains(InputStream.class);
  }

  /** Whether a value of {@code Content-Type} is one of JSON; {@code null} is. */
  static boolean isJson(@Nullable String type) {
    if (type == null) {
      return true;
    }
    int end = type.indexOf(';');
    String plain = (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    return plain.equals("application/json")
        || (plain.startsWith("application/") && plain.endsWith("+json"));
  }

  // Behind the checks of keys: who may not send at all is told that.
  @Priority(Priorities.USER)
  private record JsonFilter() implements ContainerRequestFilter {
    @Override
    public void filter(ContainerRequestContext request) {
      if (!isJson(request.getHeaderString("Content-Type"))) {
        throw Problem.of(415, "Content-Type: expected application/json");
      }
    }
  }
}
