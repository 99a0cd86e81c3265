package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.evaluate.Layers;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.yaml.YamlProblem;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/validate}. */
@Path("/api/v1/policies/validate")
@Produces("application/json")
public final class ValidateResource {
  /** Body of a policy that is looked at and not stored. */
  static final class OfSource implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = body.text("tenant", TenantId.EXPECTED, TenantId::isOne);
      unused = PolicyText.source(body);
    }
  }

  /**
   * What is to be said of a policy.
   *
   * @param valid whether it can be stored
   * @param name as it says; absent where it cannot be read
   * @param warnings what its author should look at
   * @param conflicts what it changes of the standard policies that are active, and they of it
   */
  record Validation(
      boolean valid,
      @Nullable String name,
      List<SourceProblem> problems,
      List<SourceProblem> warnings,
      List<String> conflicts) {}

  /**
   * A place in a policy.
   *
   * @param line counted from 1
   * @param column counted from 1
   * @param path such as {@code rules[2].action}; empty for the file as a whole
   * @param message what was expected, and what was there
   * @param suggestion what was probably meant; empty where nobody can tell
   */
  record SourceProblem(int line, int column, String path, String message, String suggestion) {
    static List<SourceProblem> of(List<YamlProblem> problems) {
      return problems.stream()
          .map(
              each ->
                  new SourceProblem(
                      each.line(), each.column(), each.path(), each.message(), each.suggestion()))
          .toList();
    }
  }

  private static List<SourceProblem> warnings(PolicyText text) {
    return SourceProblem.of(text.warnings());
  }

  private final ScopedJdbi jdbi;
  private final Clock clock;

  public ValidateResource(ScopedJdbi jdbi, Clock clock) {
    this.jdbi = jdbi;
    this.clock = clock;
  }

  /**
   * Checks a policy and stores nothing: all problems at once, and how it stands to the standard
   * policies.
   */
  @POST
  @Requires(Permission.POLICIES_READ)
  @Takes(body = OfSource.class)
  public Validation validate(@Context Caller caller, InputStream in) throws IOException {
    JsonBody body = JsonBody.read(in, PolicyText.LARGEST_BODY);
    String tenant = body.text("tenant", TenantId.EXPECTED, TenantId::isOne);
    String source = PolicyText.source(body);
    body.finish();
    if (tenant != null) {
      caller.require(Permission.POLICIES_READ, TenantScope.of(tenant));
    }
    try {
      PolicyText text =
          PolicyText.read(source, LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC));
      StandardLayers layers =
          jdbi.read(caller, Permission.POLICIES_READ, handle -> StandardLayers.of(handle, tenant));
      List<String> conflicts =
          new ArrayList<>(Layers.of(layers.with(tenant, text.policy())).conflicts());
      // What the others say of each other is not about this one.
      conflicts.removeAll(Layers.of(layers.policies()).conflicts());
      return new Validation(
          true, text.policy().name(), List.of(), warnings(text), List.copyOf(conflicts));
    } catch (PolicyProblemsException e) {
      return new Validation(false, null, SourceProblem.of(e.problems()), List.of(), List.of());
    }
  }
}
