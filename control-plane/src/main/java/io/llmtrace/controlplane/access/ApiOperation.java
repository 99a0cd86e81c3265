package io.llmtrace.controlplane.access;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One method of a resource under {@code /api/v1}.
 *
 * @param verb such as {@code GET}
 * @param path template, such as {@code /api/v1/keys/{id}}
 * @param requires what it asks for; {@code null} for {@link AnyCaller}
 */
public record ApiOperation(String verb, String path, Method method, @Nullable Requires requires) {
  static final String ROOT = "/api/";

  /**
   * The operations of resources, in their order.
   *
   * @throws IllegalStateException for a method that does not say what it asks for: nobody is let in
   *     by an oversight
   */
  public static List<ApiOperation> of(Collection<Class<?>> resources) {
    List<ApiOperation> operations = new ArrayList<>();
    for (Class<?> resource : resources) {
      Path root = resource.getAnnotation(Path.class);
      for (Method method : resource.getMethods()) {
        String verb = verb(method);
        Path own = method.getAnnotation(Path.class);
        String path = join(root == null ? "" : root.value(), own == null ? "" : own.value());
        if (!path.startsWith(ROOT)) {
          continue;
        }
        if (verb == null) {
          if (own != null) {
            throw new IllegalStateException(method + ": sub-resources are not checked; use none");
          }
          continue;
        }
        Requires requires = method.getAnnotation(Requires.class);
        if ((requires == null) != method.isAnnotationPresent(AnyCaller.class)) {
          throw new IllegalStateException(
              method + ": expected one of @Requires and @AnyCaller, for " + verb + " " + path);
        }
        operations.add(new ApiOperation(verb, path, method, requires));
      }
    }
    operations.sort(
        java.util.Comparator.comparing(ApiOperation::path).thenComparing(ApiOperation::verb));
    return List.copyOf(operations);
  }

  private static @Nullable String verb(Method method) {
    for (Annotation annotation : method.getAnnotations()) {
      HttpMethod verb = annotation.annotationType().getAnnotation(HttpMethod.class);
      if (verb != null) {
        return verb.value();
      }
    }
    return null;
  }

  private static String join(String root, String own) {
    String joined = ("/" + root + "/" + own).replaceAll("/+", "/");
    return joined.length() > 1 && joined.endsWith("/")
        ? joined.substring(0, joined.length() - 1)
        : joined;
  }
}
