package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.http.Problem;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * {@code /runbooks/{rule}}: what to do about an incident of a built-in rule, as messages link to
 * it. The same text as {@code docs/runbooks}; it holds nothing of anybody's. Stateless.
 */
@Path("/runbooks/{rule}")
public final class RunbooksResource {
  /** The text, as Markdown. */
  @GET
  public Response get(@PathParam("rule") String rule) throws IOException {
    if (!rule.matches("[a-z_]{1,64}")) {
      throw Problem.absent("runbook");
    }
    try (InputStream in = RunbooksResource.class.getResourceAsStream("runbooks/" + rule + ".md")) {
      if (in == null) {
        throw Problem.absent("runbook");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      // Comments are for those who keep the pages, and nothing renders them away here.
      return Response.ok(text.replaceAll("(?m)^<!--.*-->\\n", ""), "text/plain;charset=utf-8")
          .header("X-Content-Type-Options", "nosniff")
          .header("Cache-Control", "no-cache")
          .build();
    }
  }
}
