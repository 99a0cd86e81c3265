package io.llmtrace.controlplane.feedback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.findings.FindingRows;
import io.llmtrace.controlplane.findings.FindingState;
import io.llmtrace.controlplane.findings.FindingStates;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /api/v1/findings/{id}/feedback}: one call makes a finding something to learn from.
 */
@Path("/api/v1/findings/{id}/feedback")
@Produces("application/json")
public final class FindingFeedbackResource {
  private static final int LONGEST_TEXT = 1_000;
  private static final int LONGEST_COMMENT = 2_000;

  private final ScopedJdbi jdbi;
  private final Ulid ids = new Ulid();

  public FindingFeedbackResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** What a body said. */
  private record Said(
      String verdict,
      String kind,
      String scope,
      @Nullable String type,
      @Nullable String severity,
      @Nullable String text,
      String comment) {}

  /**
   * Keeps a verdict. {@code false_positive} is a proposal of an exception unless a text makes it a
   * pack case, and gives the finding that state; {@code missed} is a pack case and needs the text
   * that was missed.
   */
  @POST
  @Requires(Permission.FINDINGS_WRITE)
  @Takes(body = OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = Feedback.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response create(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @PathParam("id") String id,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    Said said = read(body);
    return jdbi.write(
        caller,
        Permission.FINDINGS_WRITE,
        handle ->
            IdempotentPost.of(request, body).run(handle, () -> made(handle, caller, id, said)));
  }

  /** Fields of a body with a verdict. */
  static final class OfNew implements BodyFields {
    @Override
    public void read(JsonBody body) {
      Said unused = FindingFeedbackResource.read(body);
    }
  }

  private static Said read(JsonBody body) {
    String verdict =
        body.requiredText(
            "verdict",
            "one of " + String.join(", ", Feedback.VERDICTS),
            Feedback.VERDICTS::contains);
    String text =
        body.text(
            "text",
            "a text of 1 to " + LONGEST_TEXT + " characters",
            each -> !each.isBlank() && each.length() <= LONGEST_TEXT && isPlain(each));
    String kind =
        body.text("kind", "one of " + String.join(", ", Feedback.KINDS), Feedback.KINDS::contains);
    String scope =
        body.text(
            "scope", "one of " + String.join(", ", Feedback.SCOPES), Feedback.SCOPES::contains);
    FindingType type = body.parsed("type", "a finding type", FindingFeedbackResource::type);
    Severity severity =
        body.parsed("severity", "a severity such as high", FindingFeedbackResource::severity);
    String comment =
        body.text(
            "comment",
            "a text of at most " + LONGEST_COMMENT + " characters",
            each -> each.length() <= LONGEST_COMMENT && isPlain(each));
    boolean missed = verdict.equals(Feedback.MISSED);
    if (missed && text == null && !body.isPresent("text")) {
      body.wrong("text", "expected the text that was missed");
    }
    if (missed && Feedback.EXCEPTION.equals(kind)) {
      body.wrong("kind", "expected pack_case for what was missed");
    }
    if (!missed && Feedback.PACK_CASE.equals(kind) && text == null && !body.isPresent("text")) {
      body.wrong("text", "expected the text that was wrongly found, since evidence is masked");
    }
    if (Feedback.EXCEPTION.equals(kind) && text != null) {
      body.wrong("text", "expected none for an exception");
    }
    if (!missed && (type != null || severity != null)) {
      body.wrong(type == null ? "severity" : "type", "expected for what was missed only");
    }
    body.finish();
    return new Said(
        verdict,
        kind != null ? kind : missed || text != null ? Feedback.PACK_CASE : Feedback.EXCEPTION,
        scope == null ? "route" : scope,
        type == null ? null : type.label(),
        severity == null ? null : severity.label(),
        text,
        comment == null ? "" : comment);
  }

  private static boolean isPlain(String text) {
    return text.codePoints().noneMatch(c -> c == 0 || Character.getType(c) == Character.SURROGATE);
  }

  private static @Nullable FindingType type(String label) {
    for (FindingType each : FindingType.values()) {
      if (each.label().equals(label)) {
        return each;
      }
    }
    return null;
  }

  private static @Nullable Severity severity(String label) {
    for (Severity each : Severity.values()) {
      if (each.label().equals(label)) {
        return each;
      }
    }
    return null;
  }

  private IdempotentPost.Made made(Handle handle, Caller caller, String id, Said said) {
    FindingRows.Row finding = FindingRows.find(handle, caller, Permission.FINDINGS_WRITE, id);
    Feedback feedback = feedback(caller, finding, said);
    if (said.verdict().equals(Feedback.MISSED)) {
      PackCase.problem(feedback)
          .ifPresent(
              problem -> {
                throw Problem.field("/text", "no rule can be made of it: " + problem);
              });
    }
    FeedbackStore.insert(handle, feedback);
    if (said.verdict().equals(Feedback.FALSE_POSITIVE)
        && finding.state() != FindingState.FALSE_POSITIVE) {
      FindingStates.change(
          handle, caller, List.of(finding), FindingState.FALSE_POSITIVE, said.comment());
    }
    Feedback stored =
        FeedbackStore.find(handle, caller, Permission.FINDINGS_WRITE, feedback.id(), "");
    Audit.append(
        handle,
        caller,
        new Change(
            "feedback.create", stored.tenant(), "feedback:" + stored.id(), null, stored.noted()));
    return new IdempotentPost.Made(
        201,
        Map.of("Location", "/api/v1/feedback/" + stored.id(), "ETag", stored.tag().tag()),
        stored);
  }

  private Feedback feedback(Caller caller, FindingRows.Row finding, Said said) {
    ObjectNode item = finding.item();
    return new Feedback(
        ids.next(),
        finding.tenant(),
        finding.route(),
        finding.id().toString(),
        said.verdict(),
        said.kind(),
        said.scope(),
        said.type() == null ? item.path("type").asText() : said.type(),
        said.severity() == null ? item.path("severity").asText() : said.severity(),
        item.path("detector").asText(),
        item.path("rule").asText(),
        item.path("zone").asText().toLowerCase(Locale.ROOT),
        item.path("evidence").asText(),
        said.text(),
        said.comment(),
        "open",
        1,
        caller.actor(),
        0,
        caller.actor(),
        0);
  }
}
