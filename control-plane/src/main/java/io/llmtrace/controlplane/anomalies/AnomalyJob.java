package io.llmtrace.controlplane.anomalies;

import io.llmtrace.controlplane.anomalies.AnomalyStore.Known;
import io.llmtrace.controlplane.anomalies.AnomalyStore.Series;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.statistics.Dimension;
import io.llmtrace.controlplane.statistics.HourlySums;
import io.llmtrace.controlplane.statistics.HourlySums.NewModel;
import io.llmtrace.controlplane.statistics.RollupJournal;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.AnomaliesConfig;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the last two days of each series and writes what is out of the ordinary. It remembers
 * nothing but the rows, so that it makes no difference how often it runs, where, or what it missed.
 * Any replica may run it at any time; one at a time does. Thread-safe.
 */
public final class AnomalyJob {
  private static final Logger log = LoggerFactory.getLogger(AnomalyJob.class);

  /** The turn: beside those of {@code lifecycle.Turns}. */
  static final long TURN = 7366021;

  private static final int WINDOW_HOURS = 48;

  /** Hours that an episode may be calm and go on; as {@link SeriesWatch} has it. */
  private static final int CALM = 2;

  /** Series of a dimension, those with most requests first. */
  private static final int MOST_SERIES = 2_000;

  /** New models of a run; more are a mistake in naming, and are told in the next runs. */
  private static final int MOST_MODELS = 100;

  /** What was called a false alarm is none again unless it is this much more. */
  private static final double ABOVE_FALSE_ALARM = 1.2;

  private static final double HIGH_RATIO = 10;

  static final String FIRST_USE = "first_use";

  private final Supplier<Jdbi> jdbi;
  private final Totals totals;
  private final Clock clock;
  private final AnomaliesConfig config;
  private final Rules rules;
  private final SeriesWatch watch;
  private final int mostSeries;
  private final Ulid ids = new Ulid();

  public AnomalyJob(Supplier<Jdbi> jdbi, Totals totals, Clock clock, AnomaliesConfig config) {
    this(jdbi, totals, clock, config, MOST_SERIES);
  }

  AnomalyJob(
      Supplier<Jdbi> jdbi, Totals totals, Clock clock, AnomaliesConfig config, int mostSeries) {
    this.jdbi = jdbi;
    this.totals = totals;
    this.clock = clock;
    this.config = config;
    this.rules = Rules.of(config);
    this.watch = new SeriesWatch(rules);
    this.mostSeries = mostSeries;
  }

  /** Looks once, or does nothing while another replica is at it. */
  public void run() throws SQLException {
    if (!config.enabled()) {
      return;
    }
    int found = totals.count(jdbi.get(), this::look);
    if (found > 0) {
      log.info("{} new anomalies", found);
    }
  }

  private int look(Handle handle, Deltas deltas) throws SQLException {
    boolean mine =
        handle
            .createQuery("SELECT pg_try_advisory_xact_lock(:turn)")
            .bind("turn", TURN)
            .mapTo(Boolean.class)
            .one();
    if (!mine) {
      return 0;
    }
    long now = AnomalyStore.hour(clock.instant().atOffset(ZoneOffset.UTC));
    Run run = new Run(handle, deltas, now);
    for (Dimension dimension : List.of(Dimension.TENANT, Dimension.AGENT, Dimension.MODEL)) {
      run.look(dimension);
    }
    run.models();
    run.end();
    return run.found;
  }

  private static Severity severity(Episode episode) {
    return episode.observed() >= HIGH_RATIO * episode.expected().mid()
        ? Severity.HIGH
        : Severity.MEDIUM;
  }

  /** One look. Not thread-safe. */
  private final class Run {
    private final Handle handle;
    private final Deltas deltas;
    private final long now;
    private final long first;
    private final Map<Series, List<Known>> known;
    private final Map<Series, Double> falseAlarms;
    private final Set<String> seen = new HashSet<>();
    private final RollupJournal journal = new RollupJournal();
    private int found;

    Run(Handle handle, Deltas deltas, long now) {
      this.handle = handle;
      this.deltas = deltas;
      this.now = now;
      this.first = now - WINDOW_HOURS + 1;
      Instant history = AnomalyStore.time(watch.from(first)).toInstant();
      this.known = AnomalyStore.known(handle, AnomalyStore.time(first - CALM).toInstant());
      this.falseAlarms = AnomalyStore.falseAlarms(handle, history);
    }

    void look(Dimension dimension) {
      Instant window = AnomalyStore.time(first).toInstant();
      Instant until = AnomalyStore.time(now + 1).toInstant();
      List<HourlySums.Key> active =
          HourlySums.active(handle, dimension, window, until, mostSeries + 1);
      if (active.size() > mostSeries) {
        log.warn(
            "More than {} series by {}: those with fewest requests are not watched",
            mostSeries,
            dimension.label());
        active = active.subList(0, mostSeries);
      }
      record Seen(HourlySums.Key key, Episode episode) {}
      List<Seen> episodes = new ArrayList<>();
      HourlySums.read(
          handle,
          dimension,
          active,
          AnomalyStore.time(watch.from(first)).toInstant(),
          until,
          (key, hours) ->
              watch
                  .episodes(hours.stream().map(AnomalyJob::sums).toList(), first, now)
                  .forEach(each -> episodes.add(new Seen(key, each))));
      // Rows are streamed until here: nothing else can be asked on their connection.
      for (Seen each : episodes) {
        note(
            new Series(dimension.label(), each.key(), each.episode().measure().label()),
            each.episode());
      }
    }

    private void note(Series series, Episode episode) {
      String sensitivity = config.sensitivity().name().toLowerCase(Locale.ROOT);
      List<Known> rows = known.computeIfAbsent(series, key -> new ArrayList<>());
      for (Known row : rows) {
        if (row.is(episode, CALM)) {
          AnomalyStore.update(handle, row.id(), episode, severity(episode), sensitivity);
          seen.add(row.id());
          return;
        }
      }
      Double usual = falseAlarms.get(series);
      if (usual != null && episode.observed() <= ABOVE_FALSE_ALARM * usual) {
        return;
      }
      add(
          new AnomalyStore.New(
              ids.next(),
              series,
              episode.measure().type(),
              severity(episode),
              episode,
              sensitivity,
              partOf(series, episode)),
          rows);
    }

    private void add(AnomalyStore.New row, List<Known> rows) {
      if (AnomalyStore.insert(handle, row)) {
        Episode episode = row.episode();
        rows.add(new Known(row.id(), episode.first(), episode.last(), episode.over()));
        seen.add(row.id());
        found++;
        deltas.finding(row.type(), row.severity());
        journal.finding(
            row.series().key().tenant(),
            row.type(),
            row.severity(),
            AnomalyStore.time(episode.first()).toInstant().toEpochMilli());
      }
    }

    /** The tenant's row, which was looked at before. */
    private @Nullable String partOf(Series series, Episode episode) {
      if (series.dimension().equals(Dimension.TENANT.label())) {
        return null;
      }
      Series whole =
          new Series(
              Dimension.TENANT.label(),
              new HourlySums.Key(series.key().tenant(), "", ""),
              series.measure());
      return known.getOrDefault(whole, List.of()).stream()
          .filter(row -> row.is(episode, 0))
          .map(Known::id)
          .findFirst()
          .orElse(null);
    }

    void models() {
      List<NewModel> used =
          HourlySums.newModels(
              handle,
              AnomalyStore.time(watch.from(first)).toInstant(),
              AnomalyStore.time(first).toInstant(),
              AnomalyStore.time(now + 1).toInstant());
      int told = 0;
      for (NewModel each : used) {
        if (told == MOST_MODELS) {
          break;
        }
        Series series = new Series(Dimension.MODEL.label(), each.key(), FIRST_USE);
        ModelUse use = use(each);
        if (use.isUnusual() && known.getOrDefault(series, List.of()).isEmpty()) {
          told++;
          add(
              new AnomalyStore.New(
                  ids.next(),
                  series,
                  FindingType.UNUSUAL_MODEL,
                  Severity.LOW,
                  firstUse(use),
                  config.sensitivity().name().toLowerCase(Locale.ROOT),
                  null),
              new ArrayList<>());
        }
      }
    }

    private Episode firstUse(ModelUse use) {
      int days = (int) ((use.first() - use.tenantSince()) / 24);
      return new Episode(
          // The measure is only named by its series; what is counted is requests.
          Measure.REQUESTS,
          use.first(),
          use.first(),
          true,
          1,
          use.requests(),
          use.first(),
          use.requests(),
          new Expectation(0, 0, 0, ModelUse.LEAST_REQUESTS),
          new Baseline.Basis("none", days, 1, 0),
          use.requests() / (double) ModelUse.LEAST_REQUESTS);
    }

    /** Ends what went on and was not seen this time; writes what was counted. */
    void end() throws SQLException {
      List<String> over = new ArrayList<>();
      known
          .values()
          .forEach(
              rows ->
                  rows.stream()
                      .filter(row -> !row.ended() && !seen.contains(row.id()))
                      .forEach(row -> over.add(row.id())));
      if (!over.isEmpty()) {
        AnomalyStore.end(handle, over);
      }
      journal.write(handle);
    }
  }

  private static ModelUse use(NewModel each) {
    return new ModelUse(
        each.key().tenant(),
        each.key().key(),
        each.key().key2(),
        AnomalyStore.hour(each.tenantSince().atOffset(ZoneOffset.UTC)),
        null,
        AnomalyStore.hour(each.first().atOffset(ZoneOffset.UTC)),
        each.requests());
  }

  private static HourSums sums(HourlySums.Hour hour) {
    return new HourSums(
        AnomalyStore.hour(hour.hour().atOffset(ZoneOffset.UTC)),
        hour.costUsd(),
        hour.tokens(),
        hour.requests(),
        hour.errors(),
        hour.exchanges(),
        hour.findings());
  }
}
