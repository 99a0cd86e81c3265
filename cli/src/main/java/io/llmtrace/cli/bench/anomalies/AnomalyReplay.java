package io.llmtrace.cli.bench.anomalies;

import io.llmtrace.controlplane.anomalies.Episode;
import io.llmtrace.controlplane.anomalies.HourSums;
import io.llmtrace.controlplane.anomalies.ModelUse;
import io.llmtrace.controlplane.anomalies.Rules;
import io.llmtrace.controlplane.anomalies.SeriesWatch;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Replays months hour by hour: what the watch would have told, and when. A day is judged by what
 * was known at its start, so one pass over the month says what a job that looks every few minutes
 * says at the end of each hour. Immutable.
 */
public final class AnomalyReplay {
  /** 2026-01-05, a Monday. */
  private static final long FIRST = 20_458L * 24;

  private static final int JUDGED_WEEKS = 4;
  private static final int WEEK = 168;

  /** Incidents of a tenant in its month. */
  private static final int INCIDENTS = 2;

  private final Rules rules;
  private final int tenantsOfAHabit;
  private final long seed;

  public AnomalyReplay(Rules rules, int tenantsOfAHabit, long seed) {
    this.rules = rules;
    this.tenantsOfAHabit = tenantsOfAHabit;
    this.seed = seed;
  }

  /**
   * Incidents of one kind and size.
   *
   * @param size times what it would have been; of errors and findings the share
   * @param incidents that were put in
   * @param small those that add too little to be told, by the configured minimum
   * @param found of the others
   * @param delays hours from the start of each that was found to the end of the hour that told it
   */
  public record Found(
      String kind, double size, int incidents, int small, int found, List<Integer> delays) {
    /** Share that was found of what is large enough; not a number without any. */
    public double recall() {
      return (double) found / (incidents - small);
    }
  }

  /**
   * What came of it.
   *
   * @param alarms in the months with incidents
   * @param right of these, those that overlap an incident or the hour after it
   * @param falseAlarms in the months without, by how their tenants work
   * @param tenantWeeks that were judged in months without
   */
  public record Outcome(
      List<Found> found, int alarms, int right, Map<String, Integer> falseAlarms, int tenantWeeks) {
    public double precision() {
      return (double) right / alarms;
    }

    public double falseAlarmsOfATenantWeek() {
      return falseAlarms.values().stream().mapToInt(Integer::intValue).sum() / (double) tenantWeeks;
    }
  }

  /** Plays all months. */
  public Outcome run() {
    Tally tally = new Tally();
    Map<String, Integer> wrong = new TreeMap<>();
    int months = 0;
    for (Habit habit : Habit.values()) {
      String name = habit.name().toLowerCase(java.util.Locale.ROOT);
      for (int i = 0; i < tenantsOfAHabit; i++) {
        long own = seed * 1_000_003 + name.hashCode() * 10_007L + i;
        wrong.merge(name, alarms(tenant(habit, own, 0)).size(), Integer::sum);
        SyntheticTenant hit = tenant(habit, own, INCIDENTS);
        tally.add(hit, alarms(hit), rules);
        months++;
      }
    }
    return new Outcome(tally.found(), tally.alarms, tally.right, wrong, months * JUDGED_WEEKS);
  }

  private long judged() {
    return FIRST + (long) rules.weeks() * WEEK;
  }

  private SyntheticTenant tenant(Habit habit, long own, int incidents) {
    return new SyntheticTenant(
        habit, own, FIRST, judged(), judged() + JUDGED_WEEKS * WEEK, incidents);
  }

  /** What was told, from the first hour to the last. */
  private record Alarm(long first, long last) {
    boolean meets(Incident incident) {
      return first <= incident.until() && last >= incident.from();
    }
  }

  private List<Alarm> alarms(SyntheticTenant tenant) {
    List<HourSums> hours = tenant.hours();
    List<Alarm> alarms = new ArrayList<>();
    for (Episode each :
        new SeriesWatch(rules).episodes(hours, judged(), judged() + JUDGED_WEEKS * WEEK - 1)) {
      alarms.add(new Alarm(each.first(), each.last()));
    }
    tenant.models().forEach((model, used) -> models(model, used, alarms));
    return alarms;
  }

  private void models(String model, List<Long> used, List<Alarm> alarms) {
    Long before = null;
    for (long hour : used) {
      Long known = before != null && before >= hour - (long) rules.weeks() * WEEK ? before : null;
      ModelUse use = new ModelUse("t", "p", model, FIRST, known, hour, ModelUse.LEAST_REQUESTS);
      if (hour >= judged() && use.isUnusual()) {
        alarms.add(new Alarm(hour, hour));
      }
      before = hour;
    }
  }

  private static final class Tally {
    private final Map<Incident.Kind, Map<Double, Found>> kinds = new EnumMap<>(Incident.Kind.class);
    private int alarms;
    private int right;

    void add(SyntheticTenant tenant, List<Alarm> told, Rules rules) {
      alarms += told.size();
      for (Alarm alarm : told) {
        right += tenant.incidents().stream().anyMatch(alarm::meets) ? 1 : 0;
      }
      for (Incident incident : tenant.incidents()) {
        Found before =
            kinds
                .computeIfAbsent(incident.kind(), kind -> new TreeMap<>())
                .getOrDefault(
                    incident.size(),
                    new Found(
                        incident.kind().name().toLowerCase(java.util.Locale.ROOT),
                        incident.size(),
                        0,
                        0,
                        0,
                        List.of()));
        kinds
            .get(incident.kind())
            .put(incident.size(), with(before, tenant, incident, told, rules));
      }
    }

    private static Found with(
        Found before, SyntheticTenant tenant, Incident incident, List<Alarm> alarms, Rules rules) {
      long told = Long.MAX_VALUE;
      for (Alarm alarm : alarms) {
        if (alarm.meets(incident)) {
          told = Math.min(told, Math.max(alarm.first(), incident.from()));
        }
      }
      boolean small = !tenant.isTold(incident, rules);
      List<Integer> delays = new ArrayList<>(before.delays());
      if (!small && told < Long.MAX_VALUE) {
        delays.add((int) (told - incident.from()) + 1);
      }
      return new Found(
          before.kind(),
          before.size(),
          before.incidents() + 1,
          before.small() + (small ? 1 : 0),
          before.found() + (!small && told < Long.MAX_VALUE ? 1 : 0),
          List.copyOf(delays));
    }

    List<Found> found() {
      return kinds.values().stream().flatMap(sizes -> sizes.values().stream()).toList();
    }
  }
}
