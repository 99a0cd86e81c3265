package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * One state for many findings. Either ids or a filter; of a filter at most {@value #MOST} findings
 * a call.
 */
final class BulkChange {
  static final int MOST = 500;

  private final Caller caller;
  private final FindingState state;
  private final String comment;
  private final @Nullable Set<FindingId> ids;
  private final @Nullable FindingFilter filter;
  private final @Nullable Place behind;

  private BulkChange(
      Caller caller,
      FindingState state,
      String comment,
      @Nullable Set<FindingId> ids,
      @Nullable FindingFilter filter,
      @Nullable Place behind) {
    this.caller = caller;
    this.state = state;
    this.comment = comment;
    this.ids = ids;
    this.filter = filter;
    this.behind = behind;
  }

  /**
   * What was done.
   *
   * @param changed findings that have the state now and had another one, or another comment
   * @param notFound ids that there are not for this caller
   * @param next the cursor with which the same filter goes on; null where it has no more
   */
  record Done(int changed, List<String> notFound, @Nullable String next) {}

  /** What the audit shows of the findings of one tenant. */
  private record Many(FindingState state, String comment, List<String> findings) {}

  /** Fields of a body that gives many findings a state. */
  static final class Fields implements BodyFields {
    @Override
    public void read(JsonBody body) {
      FindingState unusedState = FindingsResource.state(body);
      String unusedComment = FindingsResource.comment(body);
      Asked unused = Asked.of(body);
    }
  }

  private record Asked(
      @Nullable Set<FindingId> ids, @Nullable ObjectNode filter, @Nullable String cursor) {
    static Asked of(JsonBody body) {
      return new Asked(
          body.set("ids", FindingId.EXPECTED, MOST, text -> FindingId.parse(text).orElse(null)),
          body.object("filter"),
          body.text("cursor", "what an answer gave as \"next\"", text -> true));
    }
  }

  /**
   * Reads the rest of a body and refuses it if anything is wrong.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400
   */
  static BulkChange read(Caller caller, JsonBody body, FindingState state, String comment) {
    Asked asked = Asked.of(body);
    Set<FindingId> ids = asked.ids();
    ObjectNode filter = asked.filter();
    if (body.isPresent("ids") == body.isPresent("filter")) {
      body.wrong("ids", "expected either ids or filter");
    } else if (filter != null && filter.isEmpty()) {
      body.wrong("filter", "expected at least one filter");
    }
    String cursor = asked.cursor();
    if (filter == null && cursor != null) {
      body.wrong("cursor", "expected beside a filter only");
    }
    body.finish();
    return new BulkChange(
        caller,
        state,
        comment,
        ids,
        filter == null
            ? null
            : FindingFilter.of(
                caller, Permission.FINDINGS_WRITE, Parameters.of(filter, FindingFilter.FILTERS)),
        Place.of(cursor, Order.NEWEST));
  }

  /** Does it, in the transaction of the handle. */
  IdempotentPost.Made made(Handle handle) {
    List<FindingRows.Row> rows;
    String next = null;
    List<String> notFound = new ArrayList<>();
    if (ids != null) {
      // In one order, so that two calls that overlap wait and do not deadlock.
      List<FindingId> sorted =
          ids.stream().sorted(Comparator.comparing(FindingId::toString)).toList();
      rows = FindingRows.find(handle, caller, Permission.FINDINGS_WRITE, sorted);
      Set<FindingId> found = new HashSet<>(rows.stream().map(FindingRows.Row::id).toList());
      sorted.stream().filter(id -> !found.contains(id)).forEach(id -> notFound.add(id.toString()));
    } else if (filter != null) {
      FindingFilter undone =
          new FindingFilter(
              filter
                  .conditions()
                  .and("coalesce(s.state, 'open') <> :to OR coalesce(s.comment, '') <> :comment")
                  .bind("to", state.label())
                  .bind("comment", comment),
              filter.words(),
              filter.bounds(),
              filter.order());
      FindingRows.Part part = FindingRows.part(new Reading.Together(handle), undone, MOST, behind);
      rows = part.rows().stream().sorted(Comparator.comparing(row -> row.id().toString())).toList();
      next = part.next() == null ? null : part.next().cursor(undone.order()).encoded();
    } else {
      rows = List.of();
    }
    List<FindingRows.Row> others = rows.stream().filter(row -> !hasIt(row)).toList();
    FindingStates.change(handle, caller, others, state, comment);
    for (Map.Entry<String, List<FindingRows.Row>> of : FindingStates.byTenant(others).entrySet()) {
      Audit.append(
          handle,
          caller,
          new Change(
              "finding.bulk_change",
              of.getKey(),
              "findings",
              null,
              new Many(state, comment, names(of.getValue()))));
    }
    return new IdempotentPost.Made(200, Map.of(), new Done(others.size(), notFound, next));
  }

  private boolean hasIt(FindingRows.Row row) {
    return row.state() == state && row.item().path("comment").asText().equals(comment);
  }

  private static List<String> names(Collection<FindingRows.Row> rows) {
    return rows.stream().map(row -> row.id().toString()).toList();
  }
}
