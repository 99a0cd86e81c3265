package io.llmtrace.plugin;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.inspection.Analysis;
import io.llmtrace.plugin.inspection.InspectionService;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What takes requests from the gateway: our own A6 server ({@link PluginHost}), or a filter in
 * somebody else's runner ({@link FilterHost}). Thread-safe.
 */
public interface RequestSide extends AutoCloseable {
  /** What inspects, for requests that come another way than from the gateway's socket. */
  InspectionService inspection();

  /** What holds the bytes of bodies within their bound. */
  MemoryBudget memory();

  /** State of the breakers of the request side, by name. */
  Map<String, String> breakers();

  /** Route configurations in force. */
  List<NodeSnapshot.RouteSettings> routes();

  /** The API that a route asks for, or null where it asks for none or is not known. */
  @Nullable Api dialect(String route);

  /** What is wrong with route configurations, each with its key. */
  List<String> problems();

  /** The request side's part of {@code GET /health}; never waits. */
  Map<String, Object> health();

  /** Answers what is in flight, then stops. */
  @Override
  void close();

  /** Opens a request side for a process that has everything else. */
  @FunctionalInterface
  interface Opener<S extends RequestSide> {
    /**
     * Opens it.
     *
     * @param bootId random name of this process, at most 16 characters
     * @param questions where what is kept of questions waits for their answers
     * @param capture what keeps content of the routes that ask for it
     * @param answers what decides about answers that the gateway holds back, where the host can
     *     show it any
     * @throws IOException if the data directory or the socket cannot be used
     */
    S open(
        LlmtraceConfig config,
        String bootId,
        Analysis analysis,
        TelemetrySink sink,
        DecisionIds ids,
        Limits limits,
        OpenQuestions questions,
        ContentCapture capture,
        AnswerHandler answers,
        MeterRegistry meters)
        throws IOException;
  }
}
