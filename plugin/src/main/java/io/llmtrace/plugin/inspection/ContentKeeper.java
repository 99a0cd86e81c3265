package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.capture.Captured;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.capture.SeenElsewhere;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.inspection.Analysis.Seen;
import io.llmtrace.policies.exchange.Exchange;

/** Hands content over to be kept, where the route asks for it. Thread-safe. */
final class ContentKeeper {
  private final ContentCapture capture;

  ContentKeeper(ContentCapture capture) {
    this.capture = capture;
  }

  /** Before the request goes on: whose its answer will be. */
  void expect(Inspection inspection, Inspection.Settlement made) {
    if (made.inspection().tap() && !(made.answer() instanceof Answer.Stop)) {
      capture.expectAnswer(captured(inspection));
    }
  }

  /** Nobody read the body, for this reason. */
  void unread(Inspection inspection, String reason) {
    capture.unread(captured(inspection), reason, inspection.request.bodyBytes());
  }

  /** No thread works on the exchange any more; its memory is given back, now or a little later. */
  void keep(Inspection inspection) {
    Exchange exchange = inspection.exchange;
    if (exchange == null) {
      Inspection.Settlement made = inspection.settlement();
      inspection.releaseMemory();
      // Who settles says why only after that; nobody but the budget settles beside a worker.
      unread(inspection, made == null ? "budget" : made.inspection().receipt().reason());
      return;
    }
    Seen seen = inspection.seen();
    capture.request(
        captured(inspection),
        exchange,
        new SeenElsewhere(seen.findings(), seen.missingStages(), inspection.isBegun()),
        inspection::releaseMemory);
  }

  private static Captured captured(Inspection inspection) {
    return new Captured(
        inspection.decisionId,
        inspection.identity.tenant(),
        inspection.request.route(),
        inspection.request.consumer(),
        inspection.identity.agent(),
        inspection.request.conf().capture());
  }
}
