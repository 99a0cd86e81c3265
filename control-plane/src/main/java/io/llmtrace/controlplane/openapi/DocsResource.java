package io.llmtrace.controlplane.openapi;

import io.llmtrace.controlplane.http.Problem;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code GET /docs}: the document as a page, by Swagger UI from this jar. The page loads nothing
 * from elsewhere, and its policy lets no browser do so. Immutable.
 */
@Path("/docs")
public final class DocsResource {
  /** The version of the WebJar in the root pom; a test holds the two together. */
  static final String SWAGGER_UI = "5.34.1";

  /** Nothing from elsewhere and no script but ours; icons of Swagger UI are data in its style. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final String WEB_JAR =
      "/META-INF/resources/webjars/swagger-ui/" + SWAGGER_UI + "/";

  // The bytes are never changed and never out of this class but as answers.
  @SuppressWarnings("ArrayRecordComponent")
  private record Held(String type, byte[] bytes) {}

  private final Map<String, Held> files = new LinkedHashMap<>();

  /**
   * Reads the page's files.
   *
   * @throws IllegalStateException when the jar lacks one
   */
  public DocsResource() {
    hold("index.html", "docs/index.html", "text/html;charset=utf-8");
    hold("page.css", "docs/page.css", "text/css;charset=utf-8");
    hold("page.js", "docs/page.js", "text/javascript;charset=utf-8");
    hold("swagger-ui.css", WEB_JAR + "swagger-ui.css", "text/css;charset=utf-8");
    hold("swagger-ui-bundle.js", WEB_JAR + "swagger-ui-bundle.js", "text/javascript;charset=utf-8");
    hold("favicon.png", WEB_JAR + "favicon-32x32.png", "image/png");
  }

  private void hold(String name, String resource, String type) {
    try (InputStream in = DocsResource.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing from the jar");
      }
      files.put(name, new Held(type, in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @GET
  public Response page() {
    return file("index.html");
  }

  @GET
  @Path("{file}")
  public Response file(@PathParam("file") String name) {
    Held held = files.get(name);
    if (held == null) {
      throw Problem.absent("page");
    }
    return Response.ok(held.bytes(), held.type())
        .header("Content-Security-Policy", POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-cache")
        .build();
  }
}
