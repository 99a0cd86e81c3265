package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.access.Origins;
import io.llmtrace.controlplane.alerts.incidents.AlertDesk;
import io.llmtrace.controlplane.alerts.incidents.Incident;
import io.llmtrace.controlplane.alerts.incidents.Notices;
import io.llmtrace.controlplane.alerts.incidents.Silence;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.policies.id.Ulid;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * {@code /alerts/{id}}: the page that a signed link opens. Looking at it changes nothing, so that
 * previews of links and scanners of mail acknowledge nothing; its buttons act. Whoever has the link
 * may act on this one incident until it ends.
 */
@Path("/alerts/{id}")
public final class IncidentPage {
  private static final int MOST_EVENTS = 50;
  private static final Map<String, Duration> SILENCES = silences();

  private final Supplier<Jdbi> jdbi;
  private final AlertDesk desk;
  private final Clock clock;
  private final Ulid ids = new Ulid();

  public IncidentPage(Supplier<Jdbi> jdbi, AlertDesk desk, Clock clock) {
    this.jdbi = jdbi;
    this.desk = desk;
    this.clock = clock;
  }

  /** By what the buttons say, in their order. */
  private static Map<String, Duration> silences() {
    Map<String, Duration> times = new LinkedHashMap<>();
    times.put("1 hour", Duration.ofHours(1));
    times.put("4 hours", Duration.ofHours(4));
    times.put("1 day", Duration.ofDays(1));
    return Collections.unmodifiableMap(times);
  }

  /** The page. */
  @GET
  public Response page(@PathParam("id") String id, @QueryParam("key") @Nullable String key) {
    Optional<Incident> incident = opened(id, key);
    return incident.isEmpty()
        ? gone()
        : html(
            200,
            IncidentHtml.page(
                incident.get(), events(id), key == null ? "" : key, SILENCES.keySet()));
  }

  /** The latest, the oldest of them first. */
  private List<IncidentHtml.Event> events(String id) {
    List<IncidentHtml.Event> events =
        jdbi.get()
            .withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT at, kind, by, comment FROM alert_events WHERE incident = :id"
                                + " ORDER BY id DESC LIMIT :most")
                        .bind("id", id)
                        .bind("most", MOST_EVENTS)
                        .map(
                            (row, context) ->
                                new IncidentHtml.Event(
                                    row.getTimestamp("at").toInstant(),
                                    row.getString("kind"),
                                    row.getString("by"),
                                    row.getString("comment")))
                        .list());
    List<IncidentHtml.Event> ordered = new ArrayList<>(events);
    Collections.reverse(ordered);
    return ordered;
  }

  /** A button. */
  @POST
  @Consumes("application/x-www-form-urlencoded")
  public Response act(
      @Context HttpServletRequest request, @PathParam("id") String id, InputStream body)
      throws IOException {
    Form form = Form.read(body);
    String key = form.get("key");
    if (opened(id, key).isEmpty()) {
      return gone();
    }
    String said = form.get("comment").replace("\r\n", "\n").strip();
    String who = form.get("name").strip();
    if (!said.isEmpty() && !Reading.isComment(said)) {
      return html(400, IncidentHtml.message("A comment has at most 1000 characters."));
    }
    if (who.length() > 100 || who.chars().anyMatch(Character::isISOControl)) {
      return html(400, IncidentHtml.message("A name has at most 100 characters."));
    }
    String by = "link:" + (who.isEmpty() ? id : who);
    boolean done =
        jdbi.get()
            .inTransaction(
                handle ->
                    act(
                        handle,
                        request,
                        Reading.linked(handle, id, " FOR UPDATE").orElseThrow(),
                        form.get("act"),
                        by,
                        said.isEmpty() ? null : said));
    if (!done) {
      return html(400, IncidentHtml.message("There is no such button."));
    }
    // So that a reload of the page does not act again.
    return guarded(Response.seeOther(URI.create("/alerts/" + id + "?key=" + key))).build();
  }

  private boolean act(
      Handle handle,
      HttpServletRequest request,
      Incident before,
      String act,
      String by,
      @Nullable String comment) {
    if (act.startsWith("silence ")) {
      Duration time = SILENCES.get(act.substring("silence ".length()));
      if (time == null) {
        return false;
      }
      silence(handle, before, time, by, comment);
    } else {
      AlertDesk.Act known =
          switch (act) {
            case "acknowledge" -> AlertDesk.Act.ACKNOWLEDGE;
            case "resolve" -> AlertDesk.Act.RESOLVE;
            case "comment" -> AlertDesk.Act.COMMENT;
            default -> null;
          };
      if (known == null || (known == AlertDesk.Act.COMMENT && comment == null)) {
        return false;
      }
      desk.act(handle, before, known, by, comment);
    }
    Audit.appendOfLink(
        handle,
        by,
        Origins.of(request),
        new Change(
            "incident." + act.replaceAll(" .*", ""),
            before.tenant(),
            "incident:" + before.id(),
            IncidentView.of(before).audited(),
            null));
    return true;
  }

  private void silence(
      Handle handle, Incident incident, Duration time, String by, @Nullable String comment) {
    Instant now = clock.instant();
    Map<String, Set<String>> matchers = new LinkedHashMap<>();
    matchers.put("rule", Set.of(incident.rule()));
    incident.labels().forEach((label, value) -> matchers.put(label, Set.of(value)));
    new Silence(
            ids.next(),
            incident.tenant(),
            matchers,
            now,
            now.plus(time),
            Silence.Every.ONCE,
            now.plus(time),
            comment == null ? "from the page of incident " + incident.id() : comment,
            by,
            now,
            null,
            null)
        .insert(handle);
  }

  /** What a key opens; whether there is no such incident or no such key is not said. */
  private Optional<Incident> opened(String id, @Nullable String key) {
    if (key == null || !Ulid.isValid(id) || !desk.links().opens(key, id, clock.instant())) {
      return Optional.empty();
    }
    return jdbi.get().withHandle(handle -> Reading.linked(handle, id, ""));
  }

  private static Response gone() {
    return html(
        404,
        IncidentHtml.message(
            "This link opens nothing, or no longer: links last for seven days. "
                + Notices.WHERE_ELSE));
  }

  private static Response html(int status, String page) {
    return guarded(Response.status(status).entity(page).type("text/html;charset=utf-8")).build();
  }

  private static Response.ResponseBuilder guarded(Response.ResponseBuilder answer) {
    return answer
        .header("Content-Security-Policy", IncidentHtml.POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("X-Frame-Options", "DENY")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-store")
        .header("X-Robots-Tag", "noindex");
  }
}
