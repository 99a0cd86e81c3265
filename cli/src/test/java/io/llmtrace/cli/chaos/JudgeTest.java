package io.llmtrace.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Made results: each differs in one thing from one that is as expected. */
class JudgeTest {
  private static final Expectation UNNOTICED = Expectation.unnoticed();
  private static final Measured.Exchanges ALL = new Measured.Exchanges(100, 0, 0, 0, 0, Map.of());
  private static final Measured.Records BALANCED = new Measured.Records(200, 200, 0, Map.of(), 0);

  @Test
  void whatIsAsExpectedHasNoProblem() {
    assertThat(Judge.problems(UNNOTICED, measured(Map.of(), ALL, BALANCED))).isEmpty();
  }

  @Test
  void aLostRecordThatNobodyCounted() {
    assertThat(Judge.problems(UNNOTICED, measured(new Measured.Records(200, 199, 0, Map.of(), 0))))
        .singleElement()
        .asString()
        .contains("1 records unaccounted for: 200 expected, 199 stored");
  }

  @Test
  void aLostRecordThatWasCountedIsAProblemUnlessTheFaultMayLose() {
    Measured lost = measured(new Measured.Records(200, 199, 0, Map.of("spool_full", 1L), 0));
    assertThat(Judge.problems(UNNOTICED, lost)).containsExactly("1 records lost: spool_full");
    assertThat(Judge.problems(UNNOTICED.mayLose("spool_full"), lost)).isEmpty();
    assertThat(Judge.problems(UNNOTICED.mayLose("spool_corrupt"), lost))
        .containsExactly("1 records lost: spool_full");
  }

  @Test
  void aLossThatTheFaultMustCauseAndNobodyCounted() {
    assertThat(Judge.problems(UNNOTICED.loses("spool_corrupt"), measured(BALANCED)))
        .containsExactly("no loss was counted, although the fault destroys records");
  }

  @Test
  void aDoubledRecord() {
    assertThat(Judge.problems(UNNOTICED, measured(new Measured.Records(200, 200, 0, Map.of(), 1))))
        .containsExactly("1 records doubled");
    assertThat(Judge.problems(UNNOTICED, measured(new Measured.Records(200, 201, 0, Map.of(), 0))))
        .as("one that nobody expected")
        .singleElement()
        .asString()
        .startsWith("-1 records unaccounted for");
  }

  @Test
  void aRecordThatStillWaitsIsAccountedFor() {
    assertThat(Judge.problems(UNNOTICED, measured(new Measured.Records(200, 199, 1, Map.of(), 0))))
        .isEmpty();
  }

  @Test
  void aClientErrorThatTheFaultDoesNotExplain() {
    Measured failed = measured(Map.of(ClientError.CUT, 2), ALL, BALANCED);
    assertThat(Judge.problems(UNNOTICED, failed)).containsExactly("2 client errors: cut");
    assertThat(Judge.problems(UNNOTICED.errors(ClientError.CONNECTION), failed))
        .containsExactly("2 client errors: cut");
    assertThat(Judge.problems(UNNOTICED.errors(ClientError.CUT), failed)).isEmpty();
  }

  @Test
  void anExchangeThatWasNotInspected() {
    Measured.Exchanges partly =
        new Measured.Exchanges(97, 1, 2, 0, 0, Map.of("budget", 1, "degraded", 2));
    assertThat(Judge.problems(UNNOTICED, measured(Map.of(), partly, BALANCED)))
        .containsExactly(
            "1 exchanges not inspected: budget", "2 exchanges not inspected: degraded");
    assertThat(
            Judge.problems(
                UNNOTICED.reasons("budget", "degraded"), measured(Map.of(), partly, BALANCED)))
        .isEmpty();
  }

  @Test
  void anExchangeThatTheGatewayLoggedAndNoRecordTellsOf() {
    Measured.Exchanges fewer = new Measured.Exchanges(99, 0, 0, 0, 0, Map.of());
    assertThat(Judge.problems(UNNOTICED, measured(Map.of(), fewer, BALANCED)))
        .containsExactly("the gateway logged 100 exchanges, and records tell of 99");
  }

  @Test
  void anExchangeWhoseInspectionIsGoneMustBeCountedAsALoss() {
    Measured.Exchanges alone = new Measured.Exchanges(99, 0, 0, 1, 0, Map.of());
    Measured.Records counted = new Measured.Records(200, 199, 0, Map.of("spool_refused", 1L), 0);
    assertThat(Judge.problems(UNNOTICED, measured(Map.of(), alone, BALANCED)))
        .containsExactly(
            "1 exchanges without an inspection or a completion, and 0 records counted as lost");
    assertThat(
            Judge.problems(UNNOTICED.mayLose("spool_refused"), measured(Map.of(), alone, counted)))
        .isEmpty();
  }

  @Test
  void anExchangeWhoseCompletionIsGoneMustBeCountedAsALoss() {
    Measured.Exchanges half = new Measured.Exchanges(99, 0, 0, 0, 1, Map.of());
    Measured.Records counted = new Measured.Records(200, 199, 0, Map.of("spool_corrupt", 1L), 0);
    assertThat(Judge.problems(UNNOTICED, measured(Map.of(), half, BALANCED)))
        .containsExactly(
            "1 exchanges without an inspection or a completion, and 0 records counted as lost");
    assertThat(Judge.problems(UNNOTICED.loses("spool_corrupt"), measured(Map.of(), half, counted)))
        .isEmpty();
  }

  @Test
  void aMissedAttackALateAnswerALateRecovery() {
    Measured late = new Measured(100, Map.of(), 10, 400, 100, 0, ALL, 0, BALANCED, 3, 8_000);
    assertThat(Judge.problems(UNNOTICED, late))
        .containsExactly(
            "3 attacks were inspected and passed",
            "p95 is 390 ms later, expected at most 150",
            "recovered after 8000 ms, expected at most 7000");
    assertThat(Judge.problems(UNNOTICED.adds(Duration.ofSeconds(1)), late)).hasSize(2);
  }

  @Test
  void anAnsweredRequestThatTheGatewayNeverLogged() {
    Measured unlogged = new Measured(101, Map.of(), 10, 10, 100, 1, ALL, 0, BALANCED, 0, 100);
    assertThat(Judge.problems(UNNOTICED, unlogged))
        .containsExactly("1 answered requests that the gateway never logged");
    assertThat(Judge.problems(UNNOTICED.withoutLog(), unlogged)).isEmpty();
  }

  @Test
  void anInspectionWhoseAnswerWasLostIsOnlyThereWhenTheFaultSaysSo() {
    Measured orphan = new Measured(100, Map.of(), 10, 10, 100, 0, ALL, 1, BALANCED, 0, 100);
    assertThat(Judge.problems(UNNOTICED, orphan))
        .containsExactly("1 inspections whose exchange the gateway never logged");
    assertThat(Judge.problems(UNNOTICED.reasons("degraded"), orphan)).isEmpty();
  }

  @Test
  void aRunIsOkOnlyIfAllIsAndSomethingWas() {
    Fault fault = Faults.all().get(0);
    Result ok = new Result(fault, Result.Verdict.OK, List.of(), measured(BALANCED), 1);
    Result not = new Result(fault, Result.Verdict.NOT_OK, List.of("why"), null, 1);
    Result skipped = new Result(fault, Result.Verdict.SKIPPED, List.of("needs root"), null, 0);
    assertThat(report(ok, skipped).ok()).isTrue();
    assertThat(report(ok, not).ok()).isFalse();
    assertThat(report(skipped).ok()).as("nothing was shown").isFalse();
    assertThat(report().ok()).isFalse();
    assertThat(report(ok, skipped).json().at("/faults/1/ok").asBoolean())
        .as("what was skipped is not ok")
        .isFalse();
    assertThat(report(ok, skipped).json().at("/faults/1/problems/0").asText())
        .isEqualTo("needs root");
    assertThat(report(ok, not).json().at("/faults/1/name").asText()).isEqualTo(fault.name());
  }

  private static ChaosReport report(Result... results) {
    return new ChaosReport(List.of(results), List.of(), 1);
  }

  private static Measured measured(Measured.Records records) {
    return measured(Map.of(), ALL, records);
  }

  private static Measured measured(
      Map<ClientError, Integer> errors, Measured.Exchanges exchanges, Measured.Records records) {
    return new Measured(100, errors, 10, 12, 100, 0, exchanges, 0, records, 0, 1_000);
  }
}
