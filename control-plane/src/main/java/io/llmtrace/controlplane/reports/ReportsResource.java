package io.llmtrace.controlplane.reports;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.reports.Report.ControlShown;
import io.llmtrace.controlplane.reports.Report.Fact;
import io.llmtrace.controlplane.statistics.PeriodSums.Period;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.runtime.config.RetentionConfig;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/reports}: what is recorded, by the controls of a framework. */
@Path("/api/v1/reports")
public final class ReportsResource {
  private static final int DAYS = 30;
  private static final int MOST_DAYS = 3_660;

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final RetentionConfig retention;
  private final Map<ReportKind, Mapping> mappings = new EnumMap<>(ReportKind.class);

  /**
   * Reads the mappings.
   *
   * @throws IllegalStateException when the jar lacks one
   */
  public ReportsResource(ScopedJdbi jdbi, Clock clock, RetentionConfig retention) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.retention = retention;
    for (ReportKind kind : ReportKind.values()) {
      mappings.put(kind, Mapping.of(kind));
    }
  }

  /** Who asked for what, as the audit keeps it. */
  private record Asked(String from, String until, String format) {}

  /**
   * Makes a report; that it was made is noted in the audit.
   *
   * @param kind {@code soc2}, {@code gdpr}, {@code hipaa}, {@code eu-ai-act} or {@code
   *     owasp-llm-top10}
   * @param from first day (UTC); 30 days before {@code until} where it is absent
   * @param until the day after the last; tomorrow where it is absent
   * @param format {@code json} or {@code html}; where it is absent, as {@code Accept} says
   */
  @GET
  @Path("{kind}")
  @Produces({"application/json", "text/html"})
  @Requires(Permission.REPORTS_READ)
  @Gives(Report.class)
  public Response report(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("kind") String kind,
      @QueryParam("tenant") @Nullable String tenant,
      @QueryParam("from") @Nullable String from,
      @QueryParam("until") @Nullable String until,
      @QueryParam("format") @Nullable String format,
      @HeaderParam("Accept") @Nullable String accept) {
    Parameters parameters = Parameters.of(uri, List.of("tenant", "from", "until", "format"));
    ReportKind wanted = ReportKind.of(kind).orElseThrow(() -> Problem.absent("report"));
    Period period = period(parameters, tenants(caller, parameters.text("tenant")));
    String form = parameters.word("format", List.of("json", "html"));
    boolean page =
        form == null ? accept != null && accept.contains("text/html") : form.equals("html");
    Report report =
        jdbi.write(
            caller,
            Permission.REPORTS_READ,
            handle -> {
              Report made = made(handle, wanted, tenant, period);
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "report.read",
                      tenant,
                      "report:" + kind,
                      null,
                      new Asked(made.from(), made.until(), page ? "html" : "json")));
              return made;
            });
    if (!page) {
      return Response.ok(report, "application/json").build();
    }
    return Response.ok(ReportPage.of(report), "text/html;charset=utf-8")
        .header("Content-Security-Policy", ReportPage.POLICY + "; frame-ancestors 'none'")
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-store")
        .build();
  }

  private Report made(Handle handle, ReportKind kind, @Nullable String tenant, Period period) {
    Mapping mapping = java.util.Objects.requireNonNull(mappings.get(kind), "one of each kind");
    Facts facts = new Facts(handle, period, retention);
    Map<String, Fact> known = new LinkedHashMap<>();
    List<ControlShown> controls = new ArrayList<>();
    for (Mapping.Control control : mapping.controls()) {
      control.facts().forEach(name -> known.computeIfAbsent(name, facts::of));
      controls.add(
          new ControlShown(
              control.id(),
              control.title(),
              Report.status(control, known),
              control.facts(),
              control.limits()));
    }
    return new Report(
        kind.label(),
        mapping.title(),
        Report.NOTICE,
        mapping.scope(),
        tenant,
        period.from().toString(),
        period.until().toString(),
        clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(),
        controls,
        known,
        mapping.unmapped());
  }

  /** Null is all of them. */
  private static @Nullable List<String> tenants(Caller caller, @Nullable String tenant) {
    TenantScope own = caller.tenants(Permission.REPORTS_READ);
    if (tenant != null) {
      if (!own.includes(tenant)) {
        throw Problem.absent("report");
      }
      return List.of(tenant);
    }
    return own instanceof TenantScope.Only only ? List.copyOf(only.tenants()) : null;
  }

  private Period period(Parameters parameters, @Nullable List<String> tenants) {
    LocalDate given = day(parameters, "until");
    LocalDate until =
        given == null ? LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).plusDays(1) : given;
    LocalDate first = day(parameters, "from");
    LocalDate from = first == null ? until.minusDays(DAYS) : first;
    if (!from.isBefore(until) || ChronoUnit.DAYS.between(from, until) > MOST_DAYS) {
      throw Parameters.wrong(
          "from", "a day before until (" + until + "), at most " + MOST_DAYS + " days before it");
    }
    return new Period(from, until, tenants);
  }

  private static @Nullable LocalDate day(Parameters parameters, String name) {
    return parameters.parsed(
        name,
        "a day such as 2027-01-31",
        text -> {
          try {
            LocalDate day = LocalDate.parse(text);
            return day.getYear() >= 2000 && day.getYear() < 9_000 ? day : null;
          } catch (DateTimeException e) {
            return null;
          }
        });
  }
}
