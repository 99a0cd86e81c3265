package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.policy.BlockStyle;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The kernel as the service uses it: read, inspect, decide, answer. It is implemented on the
 * detection engine; thread-safe.
 */
public interface Analysis {
  /** The API, by method, path and headers alone. */
  Api detect(RequestContent content);

  /**
   * The exchange in a body.
   *
   * @param forced the route's API, or null to detect it
   * @param budget until when somebody waits
   * @param memory of which is taken what is made of the body beyond the bytes that came
   * @throws UnreadableBodyException if there is no text in the body that could be inspected, the
   *     budget ended before it was parsed, or it would take too much memory
   */
  Exchange read(
      RequestContent content, @Nullable Api forced, InspectionBudget budget, BodyMemory memory)
      throws UnreadableBodyException;

  /**
   * Makes an inspection ready; nothing is inspected yet.
   *
   * @param tenant whose exchange it is
   * @param profile how careful the detectors are to be; null: as they are configured
   */
  Run prepare(Exchange exchange, String tenant, @Nullable Profile profile, InspectionBudget budget);

  /**
   * The policies in force, at this moment.
   *
   * @param tenant whose exchange it is
   * @param policy what its route names, or null
   */
  PolicyTable.InForce policies(String tenant, @Nullable String policy);

  /** What a policy says. */
  Verdict decide(PolicyProgram program, Question question);

  /**
   * The answer for a request that is stopped, in its own dialect.
   *
   * @param text what a policy wants said, or null for the usual sentence
   */
  Answer.Stop block(
      Caller caller, BlockStyle style, String decisionId, String category, @Nullable String text);

  /** One inspection. One thread at a time runs it while others look at it. */
  interface Run {
    /**
     * Reads with the stages that take microseconds, until everything is read or the budget is
     * spent.
     *
     * @return whether that was all; else {@link #askModels()} or {@link #leaveModelsOut()} is to be
     *     called, on whatever thread
     */
    boolean readSegments();

    /** Asks the models, which take milliseconds, until done or the budget is spent. */
    void askModels();

    /** Ends without them; they are named among the missing stages. */
    void leaveModelsOut();

    /** What has been seen up to now. */
    Seen seen();
  }

  /**
   * What an inspection has seen.
   *
   * @param findings findings so far
   * @param segmentsInspected segments that every stage has read
   * @param unread places of the first of the others
   * @param stagesMicros microseconds by stage
   * @param missingStages stages that did not run or did not finish
   * @param failed whether a stage ended in an exception
   */
  record Seen(
      List<Finding> findings,
      int segmentsInspected,
      List<Integer> unread,
      Map<String, Long> stagesMicros,
      List<String> missingStages,
      boolean failed) {
    static final Seen NOTHING = new Seen(List.of(), 0, List.of(), Map.of(), List.of(), false);

    public Seen {
      findings = List.copyOf(findings);
      unread = List.copyOf(unread);
      stagesMicros = Map.copyOf(stagesMicros);
      missingStages = List.copyOf(missingStages);
    }
  }
}
