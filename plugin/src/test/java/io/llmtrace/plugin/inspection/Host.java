package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.conf.ConfTable;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.gateway.A6Server;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.identity.Identities;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.telemetry.SpoolRefusedException;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.BreakerConfig;
import io.llmtrace.runtime.config.IdentityConfig;
import io.llmtrace.runtime.config.OnUninspectable;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** The host with a marker analysis and a sink in memory; everything else is real. */
public final class Host implements AutoCloseable {
  /** What a route has that names no budget: a busy machine is not the subject. */
  private static final int PATIENT_MILLIS = 10_000;

  /** Long enough for a busy machine to ask once more while the breaker is open. */
  private static final Duration RECOVERY = Duration.ofSeconds(1);

  public final Map<String, InspectionRecord> records = new ConcurrentHashMap<>();
  public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  public final OpenQuestions questions = new OpenQuestions(0, meters);
  public final MemoryBudget memory;
  public final A6Server server;
  public final AnalysisBreaker breaker;
  public final ConfTable confs;
  public volatile boolean spoolFull;
  public final Path socket;
  public final InspectionService service;

  public Host(Path directory, Consumer<String> hook) throws IOException {
    this(directory, hook, new InspectionService.Settings(4, 256), 64L << 20);
  }

  public Host(
      Path directory, Consumer<String> hook, InspectionService.Settings settings, long bytes)
      throws IOException {
    this(directory, new MarkerAnalysis(hook), settings, bytes);
  }

  /** With whatever reads bodies. */
  public Host(Path directory, Analysis analysis, InspectionService.Settings settings, long bytes)
      throws IOException {
    this.socket = directory.resolve("r.sock");
    this.memory = new MemoryBudget(bytes);
    this.breaker = new AnalysisBreaker(new BreakerConfig(true, 5, RECOVERY, 2), "n", meters);
    this.confs =
        ConfTable.open(
            directory, new RouteConfReader(PATIENT_MILLIS, OnUninspectable.PASS), meters);
    TelemetrySink sink =
        new TelemetrySink() {
          @Override
          public void inspection(InspectionRecord r) throws SpoolRefusedException {
            if (spoolFull) {
              throw new SpoolRefusedException("full");
            }
            records.put(r.decisionId(), r);
          }

          @Override
          public void completion(CompletionRecord r) {}
        };
    this.service =
        new InspectionService(
            settings,
            analysis,
            sink,
            DecisionIds.open(directory),
            new Identities(IdentityConfig.none(), meters),
            Limits.none(meters),
            questions,
            ContentCapture.none(meters),
            breaker,
            RequestRedaction.create(meters),
            meters);
    this.server =
        A6Server.start(
            new A6Server.Settings(
                socket,
                UUID.randomUUID().toString().substring(0, 8),
                16L << 20,
                Duration.ofSeconds(5)),
            confs,
            memory,
            service,
            AnswerHandler.PASS,
            meters);
  }

  /**
   * The record of an answer, found by its header. An answer whose budget is over waits for its
   * record for a quarter of a second and no longer: on a busy machine it may come first.
   */
  public InspectionRecord recordOf(Map<String, String> headers) {
    String id = headers.get("x-llmtrace-id").substring(0, Ulid.LENGTH);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    InspectionRecord record = records.get(id);
    while (record == null && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      record = records.get(id);
    }
    return record;
  }

  @Override
  public void close() {
    server.close();
    service.close();
    confs.close();
  }
}
