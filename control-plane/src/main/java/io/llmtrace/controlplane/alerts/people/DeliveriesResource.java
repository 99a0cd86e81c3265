package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.alerts.delivery.Outbox;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.NoFields;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Conditions;
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
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/alerts/deliveries}: what was told, or is to be, and what came of it. */
@Path("/api/v1/alerts/deliveries")
@Produces("application/json")
public final class DeliveriesResource {
  private static final String COLUMNS =
      "id, notice_id, incident, number, channel, tenant, kind, rule, state, created_at, attempts,"
          + " ended_at, last_status, last_error, digest";

  private final ScopedJdbi jdbi;
  private final Supplier<Jdbi> own;

  /**
   * @param own of the owner of the tables: who sends again need not be who may write them
   */
  public DeliveriesResource(ScopedJdbi jdbi, Supplier<Jdbi> own) {
    this.jdbi = jdbi;
    this.own = own;
  }

  /**
   * A notice for one channel.
   *
   * @param notice id of the notice: what makes two deliveries the same one
   * @param number of the notice in its incident
   * @param kind such as {@code firing}
   * @param state {@code waiting}; {@code delivered}; {@code parked}: given up; {@code folded}: told
   *     with others in one
   * @param createdAt epoch milliseconds
   * @param endedAt when it was delivered, parked or folded, epoch milliseconds
   * @param lastStatus of HTTP or SMTP; absent where there was no answer
   * @param lastError absent where the last attempt did not fail
   * @param digest of a folded one the delivery that told it
   */
  public record DeliveryView(
      long id,
      String notice,
      String incident,
      long number,
      String channel,
      @Nullable String tenant,
      String kind,
      String rule,
      String state,
      long createdAt,
      int attempts,
      @Nullable Long endedAt,
      @Nullable Integer lastStatus,
      @Nullable String lastError,
      @Nullable Long digest) {

    static DeliveryView of(ResultSet row) throws SQLException {
      Timestamp ended = row.getTimestamp("ended_at");
      return new DeliveryView(
          row.getLong("id"),
          row.getString("notice_id"),
          row.getString("incident"),
          row.getLong("number"),
          row.getString("channel"),
          row.getString("tenant"),
          row.getString("kind"),
          row.getString("rule"),
          row.getString("state"),
          row.getTimestamp("created_at").getTime(),
          row.getInt("attempts"),
          ended == null ? null : (Long) ended.getTime(),
          row.getObject("last_status", Integer.class),
          row.getString("last_error"),
          row.getObject("digest", Long.class));
    }
  }

  /** Newest first. */
  @GET
  @Requires(Permission.ALERTS_READ)
  @Takes(query = {"tenant", "incident", "channel", "state"})
  public Page<DeliveryView> deliveries(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters =
        Parameters.of(uri, List.of("tenant", "incident", "channel", "state", "limit", "cursor"));
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    Conditions conditions =
        Conditions.of(caller, Permission.ALERTS_READ, "tenant")
            .when("tenant = :tenant", "tenant", parameters.text("tenant"))
            .when("incident = :incident", "incident", parameters.ulid("incident"))
            .when("channel = :channel", "channel", parameters.text("channel"))
            .when(
                "state = :state",
                "state",
                parameters.word("state", List.of("waiting", "delivered", "parked", "folded")))
            .when("id < :behind", "behind", behind == null ? null : (Long) behind.number(0));
    List<DeliveryView> rows =
        jdbi.read(
            caller,
            Permission.ALERTS_READ,
            handle ->
                handle
                    .createQuery(
                        "SELECT "
                            + COLUMNS
                            + " FROM alert_outbox WHERE true"
                            + conditions.sql()
                            + " ORDER BY id DESC LIMIT :most")
                    .bindMap(conditions.binds())
                    .bind("most", most + 1)
                    .map((row, context) -> DeliveryView.of(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(Long.toString(last.id())));
  }

  /**
   * One attempt of a delivery.
   *
   * @param attempt from 1
   * @param at epoch milliseconds
   * @param tookMs absent where it was cut off, or goes on
   * @param result {@code delivered}, {@code retry} or {@code parked}; absent like {@code tookMs}
   * @param status of HTTP or SMTP
   */
  public record AttemptView(
      int attempt,
      long at,
      @Nullable Integer tookMs,
      @Nullable String result,
      @Nullable Integer status,
      @Nullable String error) {}

  /** The attempts of a delivery, the first one first. */
  @GET
  @Path("{id}/attempts")
  @Requires(Permission.ALERTS_READ)
  public Page<AttemptView> attempts(
      @Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    long row = number(id);
    Conditions conditions =
        Conditions.of(caller, Permission.ALERTS_READ, "tenant").and("id = :id").bind("id", row);
    List<AttemptView> attempts =
        jdbi.read(
            caller,
            Permission.ALERTS_READ,
            handle -> {
              long found =
                  handle
                      .createQuery("SELECT id FROM alert_outbox WHERE true" + conditions.sql())
                      .bindMap(conditions.binds())
                      .mapTo(Long.class)
                      .findOne()
                      .orElseThrow(() -> Problem.absent("delivery"));
              return handle
                  .createQuery(
                      "SELECT attempt, at, took_ms, result, status, error FROM alert_attempts"
                          + " WHERE outbox_id = :id ORDER BY id LIMIT :most")
                  .bind("id", found)
                  .bind("most", Page.MOST)
                  .map(
                      (each, context) ->
                          new AttemptView(
                              each.getInt("attempt"),
                              each.getTimestamp("at").getTime(),
                              each.getObject("took_ms", Integer.class),
                              each.getString("result"),
                              each.getObject("status", Integer.class),
                              each.getString("error")))
                  .list();
            });
    return new Page<>(attempts, null);
  }

  /**
   * What is sent again.
   *
   * @param state {@code waiting}
   */
  public record Again(long id, String state) {}

  /** Sends again what was given up. */
  @POST
  @Path("{id}/retry")
  @Requires(value = Permission.ALERTS_SEND, reach = Reach.INSTALLATION)
  @Takes(body = NoFields.class)
  public Again retryDelivery(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody.read(in).finish();
    long row = number(id);
    own.get()
        .useTransaction(
            handle -> {
              String state =
                  handle
                      .createQuery("SELECT state FROM alert_outbox WHERE id = :id FOR UPDATE")
                      .bind("id", row)
                      .mapTo(String.class)
                      .findOne()
                      .orElseThrow(() -> Problem.absent("delivery"));
              if (!Outbox.retry(handle, row)) {
                throw Problem.of(409, "it is " + state + ", only what is parked can be sent again");
              }
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "delivery.retry",
                      null,
                      "delivery:" + row,
                      Map.of("state", "parked"),
                      Map.of("state", "waiting")));
            });
    return new Again(row, "waiting");
  }

  private static long number(String id) {
    if (!id.matches("[0-9]{1,18}")) {
      throw Problem.absent("delivery");
    }
    return Long.parseLong(id);
  }
}
