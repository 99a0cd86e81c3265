package io.llmtrace.cli.bench.anomalies;

import io.llmtrace.controlplane.anomalies.HourSums;
import io.llmtrace.controlplane.anomalies.Rules;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** The hours of one tenant, with its holidays, outages and incidents. Same seed, same hours. */
final class SyntheticTenant {
  private static final int HOURS = 24;
  private static final double ERRORS = 0.01;
  private static final double FINDINGS = 0.005;
  private static final double HOLIDAY = 0.15;
  private static final double QUIET_WEEK = 0.4;

  private final Habit habit;
  private final long seed;
  private final long first;
  private final long judged;
  private final long end;
  private final Random random;
  private final List<Incident> incidents;
  private final Set<Long> holidays = new HashSet<>();
  private final Set<Long> outages = new HashSet<>();
  private final long quietWeek;
  private final double tokensOfRequest;
  private final double dollarsOfToken;

  /**
   * @param first hour, of a day's start
   * @param judged hour from which on the watch looks
   * @param end hour after the last
   * @param incidents how many are put in
   */
  SyntheticTenant(Habit habit, long seed, long first, long judged, long end, int incidents) {
    this.habit = habit;
    this.seed = seed;
    this.first = first;
    this.judged = judged;
    this.end = end;
    this.random = new Random(seed);
    tokensOfRequest = 800 * Math.exp(0.5 * random.nextGaussian());
    dollarsOfToken = 6e-6 * Math.exp(0.5 * random.nextGaussian());
    for (int i = 0; i < 4; i++) {
      holidays.add(day(first + random.nextInt((int) (end - first))));
    }
    quietWeek = random.nextInt(4) == 0 ? day(first + random.nextInt((int) (end - first))) : -100;
    long outage = first + random.nextInt((int) (end - first));
    for (long hour = outage; hour < outage + 6; hour++) {
      outages.add(hour);
    }
    this.incidents = incidents(incidents);
  }

  List<Incident> incidents() {
    return incidents;
  }

  private List<Incident> incidents(int count) {
    List<Incident> made = new ArrayList<>();
    Incident.Kind[] kinds = Incident.Kind.values();
    long span = count == 0 ? 0 : (end - judged) / count;
    for (int i = 0; i < count; i++) {
      Incident.Kind kind = kinds[random.nextInt(kinds.length)];
      double size = kind.sizes().get(random.nextInt(kind.sizes().size()));
      long from;
      do {
        // Not across the end of its part, so that two are never one.
        from = judged + i * span + random.nextInt((int) span - 12);
      } while (!isBusy(from));
      made.add(new Incident(kind, size, from, from + 1 + random.nextInt(4)));
    }
    return List.copyOf(made);
  }

  /** Nobody would tell whether five times nothing is found. */
  private boolean isBusy(long hour) {
    double mean = 0;
    for (long each = hour - hour % HOURS; each < hour - hour % HOURS + HOURS; each++) {
      mean += calm(each) / HOURS;
    }
    return !outages.contains(hour) && calm(hour) >= 0.3 * mean && mean >= 0.3 * weekly(hour);
  }

  private double weekly(long hour) {
    double mean = 0;
    for (long each = hour - 168; each < hour; each++) {
      mean += habit.expected(each, first, (first + end) / 2) / 168;
    }
    return mean;
  }

  private double calm(long hour) {
    double expected = habit.expected(hour, first, (judged + end) / 2);
    if (holidays.contains(day(hour))) {
      expected *= HOLIDAY;
    }
    long week = day(hour) - quietWeek;
    return week >= 0 && week < 7 ? expected * QUIET_WEEK : expected;
  }

  /** Whether what an incident adds to an hour is more than what is never told. */
  boolean isTold(Incident incident, Rules rules) {
    double requests = calm(incident.from());
    double times = incident.size() - 1;
    boolean tokens = requests * tokensOfRequest * times > rules.minimumTokens();
    boolean cost = requests * tokensOfRequest * dollarsOfToken * times > rules.minimumCostUsd();
    return switch (incident.kind()) {
      case COST -> cost;
      case TOKENS -> tokens || cost;
      case REQUESTS -> tokens || cost || requests * times > rules.minimumRequests();
      case ERRORS, FINDINGS ->
          requests >= Rules.LEAST_EVENTS
              && requests * incident.size() > Rules.LEAST_COUNT
              && incident.size() > rules.shareAbove();
      case MODEL -> true;
    };
  }

  /**
   * Hours of use by model: one of each day, one now and then, one about every nine days, and those
   * of incidents.
   */
  Map<String, List<Long>> models() {
    Random dice = new Random(seed + 1);
    Map<String, List<Long>> models = new TreeMap<>();
    double[] gaps = {24, 72, 9 * 24};
    for (int i = 0; i < gaps.length; i++) {
      List<Long> hours = new ArrayList<>();
      for (double at = first; at < end; at += 1 - gaps[i] * Math.log(1 - dice.nextDouble())) {
        hours.add((long) at);
      }
      models.put("model-" + i, hours);
    }
    for (Incident incident : incidents) {
      if (incident.kind() == Incident.Kind.MODEL) {
        models.put("new-" + incident.from(), List.of(incident.from()));
      }
    }
    return models;
  }

  /** All hours that had anything, in order. */
  List<HourSums> hours() {
    List<HourSums> hours = new ArrayList<>();
    for (long hour = first; hour < end; hour++) {
      // Drawn in any case, so that an incident changes nothing else.
      double load = Math.exp(0.15 * random.nextGaussian()) * habit.burst(random);
      double errors = ERRORS * Math.exp(0.5 * random.nextGaussian());
      double findings = FINDINGS * Math.exp(0.5 * random.nextGaussian());
      double price = dollarsOfToken * Math.exp(0.1 * random.nextGaussian());
      for (Incident incident : incidents) {
        load *= incident.factor(Incident.Kind.REQUESTS, hour);
        price *= incident.factor(Incident.Kind.COST, hour);
        if (incident.holds(hour)) {
          errors = incident.kind() == Incident.Kind.ERRORS ? incident.size() : errors;
          findings = incident.kind() == Incident.Kind.FINDINGS ? incident.size() : findings;
        }
      }
      long requests = poisson(calm(hour) * load);
      double tokens = tokens(requests);
      for (Incident incident : incidents) {
        tokens *= incident.factor(Incident.Kind.TOKENS, hour);
      }
      long failed = poisson(requests * Math.min(1, errors));
      long found = poisson(requests * findings);
      boolean out = outages.contains(hour) || random.nextInt(250) == 0;
      if (requests > 0 && !out) {
        hours.add(
            new HourSums(
                hour,
                tokens * price,
                Math.round(tokens),
                requests,
                Math.min(failed, requests),
                requests,
                found));
      }
    }
    return hours;
  }

  /** Lengths of requests are far from even. */
  private double tokens(long requests) {
    double spread = 1.0;
    if (requests > 200) {
      double uneven = Math.sqrt((Math.exp(spread * spread) - 1) / requests);
      return tokensOfRequest * requests * Math.max(0.1, 1 + uneven * random.nextGaussian());
    }
    double tokens = 0;
    for (long i = 0; i < requests; i++) {
      tokens += tokensOfRequest * Math.exp(spread * random.nextGaussian() - spread * spread / 2);
    }
    return tokens;
  }

  private long poisson(double mean) {
    if (mean > 50) {
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.nextGaussian()));
    }
    double limit = Math.exp(-mean);
    double product = random.nextDouble();
    long count = 0;
    while (product > limit) {
      product *= random.nextDouble();
      count++;
    }
    return count;
  }

  private static long day(long hour) {
    return Math.floorDiv(hour, (long) HOURS);
  }
}
