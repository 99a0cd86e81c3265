package io.llmtrace.controlplane.alerts.incidents;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.AlertsConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class IncidentMachineTest {
  private static final Instant START = Instant.parse("2027-01-31T00:00:00Z");
  private static final Duration TICK = Duration.ofSeconds(10);
  private static final Set<String> SLACK = Set.of("slack");

  private int made;
  private IncidentMachine machine = machine(AlertsConfig.Pacing.defaults(), List.of());
  private Track track = Track.NONE;
  private Instant now = START;
  private @Nullable String muted;
  private final List<String> told = new ArrayList<>();
  private AlertRule rule = rule(Duration.ofMinutes(5), Duration.ofMinutes(1));

  private IncidentMachine machine(
      AlertsConfig.Pacing pacing, List<AlertsConfig.Escalation> escalation) {
    return new IncidentMachine(pacing, escalation, () -> "incident-" + ++made);
  }

  private static AlertRule rule(Duration lasting, Duration keep) {
    return new AlertRule(
        "high_error_rate",
        Severity.CRITICAL,
        List.of(),
        Duration.ofMinutes(5),
        lasting,
        keep,
        "",
        "",
        Set.of());
  }

  private static Observation seen(Severity severity, boolean active, boolean clear, double at) {
    return new Observation(
        "high_error_rate",
        Map.of("route", "chat"),
        severity,
        active,
        clear,
        at,
        5,
        "%",
        Map.of("errors", (long) at),
        List.of());
  }

  private void look(@Nullable Observation seen) {
    IncidentMachine.Step step =
        machine.step(
            track,
            rule,
            seen,
            muted,
            (incident, kind, named) -> named == null ? SLACK : named,
            now);
    track = step.track();
    note(step);
    now = now.plus(TICK);
  }

  private void note(IncidentMachine.Step step) {
    for (IncidentMachine.Told each : step.told()) {
      told.add(
          Duration.between(START, now).toSeconds()
              + " "
              + each.kind().label()
              + " "
              + each.incident().id()
              + "#"
              + each.incident().telling().number()
              + (each.channels().equals(SLACK) ? "" : " " + each.channels()));
    }
  }

  private void holds(Duration time) {
    during(time, seen(Severity.CRITICAL, true, false, 10));
  }

  private void clear(Duration time) {
    during(time, null);
  }

  private void during(Duration time, @Nullable Observation seen) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      look(seen);
    }
  }

  @Test
  void firesAfterItsDurationAndEndsAfterItWasClearForAWhile() {
    holds(Duration.ofMinutes(5));
    assertThat(told).as("not just before").isEmpty();
    assertThat(track.current().state()).isEqualTo(IncidentState.PENDING);
    holds(TICK);
    assertThat(told).containsExactly("300 firing incident-1#1");
    assertThat(track.current().times().since()).isEqualTo(START);
    clear(Duration.ofSeconds(50));
    assertThat(told).hasSize(1);
    clear(Duration.ofSeconds(20));
    assertThat(told).containsExactly("300 firing incident-1#1", "370 resolved incident-1#2");
    assertThat(track.last().seen().peak()).isEqualTo(10);
  }

  @Test
  void whatDoesNotLastIsForgottenWithoutAWord() {
    holds(Duration.ofSeconds(290));
    clear(TICK);
    assertThat(track).isEqualTo(Track.NONE);
    holds(Duration.ofSeconds(290));
    assertThat(told).isEmpty();
  }

  @Test
  void neitherActiveNorClearHoldsAnIncidentAndBeginsNone() {
    Observation between = seen(Severity.CRITICAL, false, false, 4);
    during(Duration.ofMinutes(20), between);
    assertThat(track).isEqualTo(Track.NONE);
    holds(Duration.ofSeconds(310));
    clear(Duration.ofSeconds(50));
    during(Duration.ofMinutes(30), between);
    clear(Duration.ofSeconds(50));
    assertThat(told).as("clear for less than a minute, twice").hasSize(1);
  }

  @Test
  void whatComesBackSoonIsTheSameIncidentAndHasToBeClearForLonger() {
    rule = rule(Duration.ZERO, Duration.ofMinutes(1));
    holds(TICK);
    clear(Duration.ofSeconds(70));
    holds(TICK);
    clear(Duration.ofSeconds(130));
    holds(TICK);
    clear(Duration.ofSeconds(250));
    assertThat(told)
        .containsExactly(
            "0 firing incident-1#1",
            "70 resolved incident-1#2",
            "80 firing incident-1#3",
            "210 resolved incident-1#4",
            "220 firing incident-1#5",
            "470 resolved incident-1#6");
    clear(Duration.ofMinutes(10));
    holds(TICK);
    assertThat(told.get(6)).as("another one").endsWith("#1").doesNotContain("incident-1#");
  }

  @Test
  void flappingForADayIsTwoDozenMessages() {
    rule = rule(Duration.ZERO, Duration.ofMinutes(1));
    Random random = new Random(7);
    Instant end = now.plus(Duration.ofDays(1));
    while (now.isBefore(end)) {
      during(Duration.ofSeconds(10 + random.nextInt(60)), seen(Severity.HIGH, true, false, 9));
      clear(Duration.ofSeconds(60 + random.nextInt(240)));
    }
    assertThat(told).hasSizeLessThan(24);
  }

  @Test
  void remindersStopWhenSomebodyHasIt() {
    holds(Duration.ofHours(9));
    assertThat(told)
        .containsExactly(
            "300 firing incident-1#1",
            "14700 reminder incident-1#2",
            "29100 reminder incident-1#3");
    IncidentMachine.Step step = machine.acknowledge(track.current(), "key:ann", now);
    note(step);
    track = step.track();
    assertThat(machine.acknowledge(track.current(), "key:bob", now).told()).isEmpty();
    holds(Duration.ofHours(9));
    clear(Duration.ofMinutes(2));
    assertThat(told).hasSize(5);
    assertThat(told.get(3)).endsWith("acknowledged incident-1#4");
    assertThat(told.get(4)).endsWith("resolved incident-1#5");
    assertThat(track.last().handling().acknowledgedBy()).isEqualTo("key:ann");
  }

  @Test
  void whatGetsWorseIsNewsToThoseWhoHaveItToo() {
    rule = rule(Duration.ZERO, Duration.ofMinutes(1));
    look(seen(Severity.MEDIUM, true, false, 6));
    track = machine.acknowledge(track.current(), "key:ann", now).track();
    look(seen(Severity.MEDIUM, true, false, 9));
    look(seen(Severity.HIGH, true, false, 20));
    look(seen(Severity.MEDIUM, true, false, 6));
    assertThat(told).containsExactly("0 firing incident-1#1", "20 firing incident-1#3");
    assertThat(track.current().state()).isEqualTo(IncidentState.FIRING);
    assertThat(track.current().severity()).isEqualTo(Severity.HIGH);
    assertThat(track.current().seen().peak()).isEqualTo(20);
    assertThat(track.current().seen().counts()).containsEntry("errors", 20L);
  }

  @Test
  void escalationReachesOthersUnlessSomebodyHasIt() {
    machine =
        machine(
            AlertsConfig.Pacing.defaults(),
            List.of(
                new AlertsConfig.Escalation(Duration.ofMinutes(15), Set.of("pagerduty")),
                new AlertsConfig.Escalation(Duration.ofMinutes(30), Set.of("mail"))));
    rule = rule(Duration.ZERO, Duration.ofMinutes(1));
    holds(Duration.ofMinutes(20));
    assertThat(told)
        .containsExactly("0 firing incident-1#1", "900 escalated incident-1#2 [pagerduty]");
    IncidentMachine.Step step = machine.acknowledge(track.current(), "key:ann", now);
    assertThat(step.told().get(0).channels()).containsExactlyInAnyOrder("slack", "pagerduty");
    track = step.track();
    holds(Duration.ofMinutes(20));
    assertThat(told).hasSize(2);
  }

  @Test
  void aMutedIncidentIsToldWhenItIsHeardAgainAndStillGoesOn() {
    muted = "silence:s1";
    holds(Duration.ofMinutes(10));
    assertThat(told).isEmpty();
    assertThat(track.current().state()).isEqualTo(IncidentState.FIRING);
    assertThat(track.current().handling().mutedBy()).isEqualTo("silence:s1");
    muted = null;
    holds(TICK);
    assertThat(told).containsExactly("600 firing incident-1#1");
    muted = "silence:s2";
    holds(Duration.ofHours(5));
    clear(Duration.ofMinutes(2));
    assertThat(told).as("those who know that it began learn that it ended").hasSize(2);
  }

  @Test
  void aMutedIncidentThatEndsIsNeverTold() {
    muted = "incident:x";
    holds(Duration.ofMinutes(10));
    clear(Duration.ofMinutes(5));
    muted = null;
    clear(Duration.ofMinutes(5));
    assertThat(told).isEmpty();
  }

  @Test
  void whatAPersonEndedDoesNotBeginAgainBeforeItWasClear() {
    rule = rule(Duration.ZERO, Duration.ofMinutes(1));
    holds(TICK);
    IncidentMachine.Step step = machine.resolve(track.current(), "key:ann", now);
    note(step);
    track = step.track();
    holds(Duration.ofHours(1));
    assertThat(told).hasSize(2);
    clear(TICK);
    holds(TICK);
    assertThat(told).hasSize(3);
    assertThat(told.get(2)).as("an hour later it is another one").endsWith("incident-2#1");
  }

  @Test
  void aCooldownKeepsReturnsQuietUntilItHasPassed() {
    machine =
        machine(
            new AlertsConfig.Pacing(
                Duration.ofHours(4), Duration.ofMinutes(10), Duration.ofMinutes(5)),
            List.of());
    rule = rule(Duration.ZERO, Duration.ofMinutes(1));
    holds(TICK);
    clear(Duration.ofSeconds(70));
    holds(Duration.ofMinutes(10));
    assertThat(told)
        .containsExactly(
            "0 firing incident-1#1", "70 resolved incident-1#2", "370 firing incident-1#3");
  }

  @Test
  void timeThatNobodyLookedDoesNotCount() {
    holds(Duration.ofMinutes(4));
    Duration gap = Duration.ofMinutes(30);
    now = now.plus(gap);
    track = new Track(IncidentMachine.unseen(track.current(), gap), null);
    holds(Duration.ofMinutes(1));
    assertThat(told).isEmpty();
    holds(TICK);
    assertThat(told).hasSize(1);
  }

  @Test
  void whateverIsSeenIsToldInOrderAndNothingTwice() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      track = Track.NONE;
      now = START;
      told.clear();
      rule =
          rule(
              Duration.ofSeconds(10L * random.nextInt(4)),
              Duration.ofSeconds(10L * random.nextInt(4)));
      boolean open = false;
      String id = "";
      long number = 0;
      for (int i = 0; i < 500; i++) {
        int before = told.size();
        Observation next =
            switch (random.nextInt(5)) {
              case 0, 1 -> seen(Severity.HIGH, true, false, random.nextInt(50));
              case 2 -> seen(Severity.HIGH, false, false, 4);
              default -> null;
            };
        look(next);
        for (String line : told.subList(before, told.size())) {
          String[] part = line.split("[ #]", -1);
          if (!part[2].equals(id)) {
            assertThat(open).as("seed %d: one at a time", seed).isFalse();
            id = part[2];
            number = 0;
          }
          assertThat(Long.parseLong(part[3])).isEqualTo(++number);
          assertThat(part[1]).isEqualTo(open ? "resolved" : "firing");
          open = !open;
        }
        assertThat(track.current() != null && track.current().state().isOpen()).isEqualTo(open);
      }
    }
  }
}
