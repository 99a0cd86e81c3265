package io.llmtrace.controlplane.policies;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.NoFields;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/policies/{id}/versions}: the history of a policy. */
@Path("/api/v1/policies/{id}/versions")
@Produces("application/json")
public final class VersionsResource {
  private static final int CONTEXT_LINES = 3;

  private final ScopedJdbi jdbi;

  public VersionsResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Lists versions, the newest first. */
  @GET
  @Requires(Permission.POLICIES_READ)
  public Page<VersionView> versions(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters unused = Parameters.of(uri, List.of("limit", "cursor"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    List<VersionView> rows =
        jdbi.read(
            caller,
            Permission.POLICIES_READ,
            handle -> {
              PolicyRow policy = PolicyStore.find(handle, caller, Permission.POLICIES_READ, id, "");
              return PolicyStore.versions(
                      handle,
                      policy.id(),
                      behind == null ? Long.MAX_VALUE : behind.number(0),
                      most + 1)
                  .stream()
                  .map(PolicyStore.Version::view)
                  .toList();
            });
    return Page.of(rows, most, last -> Cursor.after(Integer.toString(last.version())));
  }

  /** Shows a version with its source. */
  @GET
  @Path("{version}")
  @Requires(Permission.POLICIES_READ)
  public VersionView version(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @PathParam("version") String version) {
    Parameters unused = Parameters.of(uri, List.of());
    return jdbi.read(
        caller,
        Permission.POLICIES_READ,
        handle -> {
          PolicyRow policy = PolicyStore.find(handle, caller, Permission.POLICIES_READ, id, "");
          PolicyStore.Version found = Approval.of(handle, policy, number(version));
          VersionView view = found.view();
          return new VersionView(
              view.version(),
              view.author(),
              view.message(),
              view.createdAt(),
              view.approvedBy(),
              view.approvedAt(),
              found.source());
        });
  }

  /**
   * What is different between two versions.
   *
   * @param from the older version
   * @param to the newer version
   * @param diff unified, with three lines around each difference; empty where there is none
   */
  record VersionDiff(int from, int to, String diff) {}

  /**
   * Shows what a version changed.
   *
   * @param against the version to compare with; without, the one before
   */
  @GET
  @Path("{version}/diff")
  @Requires(Permission.POLICIES_READ)
  public VersionDiff diff(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @PathParam("version") String version,
      @QueryParam("against") @Nullable String against) {
    Parameters parameters = Parameters.of(uri, List.of("against"));
    String other = parameters.matching("against", "[1-9][0-9]{0,8}", "a version of the policy");
    return jdbi.read(
        caller,
        Permission.POLICIES_READ,
        handle -> {
          PolicyRow policy = PolicyStore.find(handle, caller, Permission.POLICIES_READ, id, "");
          int to = number(version);
          int from = other == null ? to - 1 : Integer.parseInt(other);
          String after = Approval.of(handle, policy, to).source();
          // The first one changed an empty file.
          String before = from == 0 ? "" : Approval.of(handle, policy, from).source();
          return new VersionDiff(from, to, diff(policy.name(), from, before, to, after));
        });
  }

  private static String diff(String name, int from, String before, int to, String after) {
    List<String> old = before.lines().toList();
    return String.join(
        "\n",
        UnifiedDiffUtils.generateUnifiedDiff(
            name + " version " + from,
            name + " version " + to,
            old,
            DiffUtils.diff(old, after.lines().toList()),
            CONTEXT_LINES));
  }

  /** Approves somebody else's version, so that its author may let it decide. */
  @POST
  @Path("{version}/approve")
  @Requires(Permission.POLICIES_APPROVE)
  @Takes(body = NoFields.class)
  public VersionView approve(
      @Context Caller caller,
      @PathParam("id") String id,
      @PathParam("version") String version,
      InputStream in)
      throws IOException {
    JsonBody.read(in).finish();
    return jdbi.write(
        caller,
        Permission.POLICIES_APPROVE,
        handle -> {
          PolicyRow policy = PolicyStore.held(handle, caller, Permission.POLICIES_APPROVE, id);
          int number = number(version);
          PolicyStore.Version found = Approval.of(handle, policy, number);
          if (found.person().equals(PolicyStore.person(caller))) {
            throw Problem.of(409, "version " + number + " is your own: somebody else must approve");
          }
          if (found.approver() != null) {
            return found.view();
          }
          handle
              .createUpdate(
                  "UPDATE policy_versions SET approved_by = :actor, approved_person = :person,"
                      + " approved_at = now() WHERE policy = :policy AND version = :version")
              .bind("actor", caller.actor())
              .bind("person", PolicyStore.person(caller))
              .bind("policy", id)
              .bind("version", number)
              .execute();
          VersionView after = Approval.of(handle, policy, number).view();
          Audit.append(
              handle,
              caller,
              new Change("policy.approve", policy.tenant(), "policy:" + id, found.view(), after));
          return after;
        });
  }

  /** A version in a path; what is no number is no version either. */
  private static int number(String text) {
    if (!text.matches("[1-9][0-9]{0,8}")) {
      throw Problem.absent("version");
    }
    return Integer.parseInt(text);
  }
}
