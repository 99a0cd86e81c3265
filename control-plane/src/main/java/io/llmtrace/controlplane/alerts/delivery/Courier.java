package io.llmtrace.controlplane.alerts.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.alerts.channels.Context;
import io.llmtrace.controlplane.alerts.channels.Outgoing;
import io.llmtrace.controlplane.alerts.channels.Verdict;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.outbound.Reply;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** One attempt: renders, sends, and says what the answer means. Thread-safe. */
final class Courier {
  private static final int MOST_OF_A_REASON = 300;

  private final Transport.Carrier carrier;
  private final Clock clock;

  Courier(Transport.Carrier carrier, Clock clock) {
    this.carrier = carrier;
    this.clock = clock;
  }

  /**
   * Attempts a notice as it is kept.
   *
   * @param reference of its incident's talk, or null
   */
  Outcome attempt(Lane lane, String notice, @Nullable String reference) {
    Notice read;
    try {
      read = NoticeJson.read(notice);
    } catch (JsonProcessingException e) {
      // A newer replica wrote it, which may be the one that tries it next.
      return new Outcome.Again(null, "this version cannot read the notice", null);
    }
    return attempt(lane, read, reference);
  }

  // The boundary to renderers: whatever one throws is that notice's trouble and not the worker's.
  @SuppressWarnings("CatchingUnchecked")
  Outcome attempt(Lane lane, Notice notice, @Nullable String reference) {
    Outgoing message;
    try {
      message = lane.form().render(notice, new Context(clock.instant(), reference));
    } catch (Exception e) {
      return new Outcome.Parked(
          null, "it cannot be rendered (" + e.getClass().getSimpleName() + ")");
    }
    Reply reply = carrier.carry(message, lane.config());
    if (reply instanceof Reply.Answered answered) {
      try {
        return judged(lane, answered);
      } catch (Exception e) {
        return new Outcome.Again(
            answered.status(),
            "its answer cannot be read (" + e.getClass().getSimpleName() + ")",
            null);
      }
    }
    return reply instanceof Reply.Refused refused
        ? new Outcome.Parked(null, line(refused.reason()))
        : new Outcome.Again(null, line(((Reply.Unanswered) reply).reason()), null);
  }

  private static Outcome judged(Lane lane, Reply.Answered answered) {
    int status = answered.status();
    Verdict verdict = lane.form().judge(status, answered.headers(), answered.bodyStart());
    if (verdict instanceof Verdict.Retry retry) {
      return new Outcome.Again(status, line(retry.reason()), retry.after());
    }
    return verdict instanceof Verdict.Hopeless hopeless
        ? new Outcome.Parked(status, line(hopeless.reason()))
        : new Outcome.Delivered(status, lane.form().reference(answered.bodyStart()).orElse(null));
  }

  private static String line(String reason) {
    String one = reason.replaceAll("\\p{Cntrl}+", " ");
    return one.length() <= MOST_OF_A_REASON ? one : one.substring(0, MOST_OF_A_REASON) + "…";
  }
}
