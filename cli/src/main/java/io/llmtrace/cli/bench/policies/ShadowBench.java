package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import io.llmtrace.cli.bench.gateway.Conversation;
import io.llmtrace.cli.measure.Rounds;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.Identity;
import io.llmtrace.plugin.inspection.Analysis;
import io.llmtrace.plugin.inspection.EngineAnalysis;
import io.llmtrace.plugin.inspection.Policing;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.limits.PolicyBudgets;
import io.llmtrace.plugin.policies.BundleKeeper;
import io.llmtrace.plugin.policies.RuleRates;
import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.library.PolicyLibrary;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.ShadowDecision;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.PoliciesConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Processor time of an inspection with a candidate to that of one without, exchange by exchange in
 * turn: conversations of 8 KB of which a fifth is new, read, inspected and decided about as the
 * plugin does it. Models are left out: they would hide what the candidate adds.
 */
final class ShadowBench {
  private static final double BAR = 1.15;
  private static final int BYTES = 8 << 10;
  private static final double NEW_SHARE = 0.2;
  private static final int CONVERSATIONS = 16;
  private static final int OF_A_ROUND = 64;
  private static final int LEAST_ROUNDS = 3;
  private static final Duration MODELS = Duration.ofMinutes(1);
  private static final String ACTIVE = "customer-chatbot";
  private static final String CANDIDATE = "pii-regulated";

  /** What the library's policies leave to their users; as people write them. */
  private static final String PATTERNS =
      """
      patterns:
        - {name: projects, pattern: '(?i)\\b(project\\s+aurora|model\\s+x9)\\b'}
        - {name: confidential, pattern: '(?i)strictly confidential'}
        - {name: customers, pattern: '\\bCUST-[0-9]{8}\\b'}
      """;

  private static final PolicyBudgets NO_BUDGETS = Limits.none(new SimpleMeterRegistry()).policies();

  private static final Map<String, String> HEADERS =
      Map.of("host", "bench", "content-type", "application/json", "authorization", "Bearer bench");

  private final RouteConf conf =
      new RouteConfReader(1_000, LlmtraceConfig.defaults().plugin().onUninspectable())
          .read(List.of(Map.entry(RouteConf.CONF_NAME, "{\"mode\":\"enforce\"}")));
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final List<Conversation> conversations = new ArrayList<>();
  private final Side alone;
  private final Side beside;
  private int next;

  /**
   * Inspections by one bundle. Each side has a tenant of its own, and so a memory of its own of
   * what was read before.
   */
  private record Side(Identity identity, Analysis analysis, RuleRates rates, Shadow shadow) {}

  private enum Shadow {
    NONE,
    EVALUATED
  }

  /**
   * @param seed of texts that neither side has read
   */
  private ShadowBench(Side alone, Side beside, long seed) {
    this.alone = alone;
    this.beside = beside;
    for (int i = 0; i < CONVERSATIONS; i++) {
      conversations.add(new Conversation(BYTES, NEW_SHARE, seed + i));
    }
  }

  /**
   * Measures on this thread.
   *
   * @param seconds about as long, after as much to warm up
   */
  static void measure(double seconds, Path directory, Figures figures) throws Exception {
    DetectionEngine engine = DetectionEngine.builtIn();
    if (!engine.awaitModels(MODELS)) {
      throw new IllegalStateException("a model did not load within a minute");
    }
    Bundle.Entry active = entry(1, Bundle.Role.ACTIVE, library(ACTIVE));
    ObjectNode part = figures.part("shadow");
    String plain = library(CANDIDATE).replace("name: " + CANDIDATE, "name: " + ACTIVE);
    double[] ratios = new double[2];
    String[] sources = {plain, plain + PATTERNS};
    String[] names = {CANDIDATE, CANDIDATE + " with three patterns"};
    Side alone = side(engine, directory.resolve("alone"), Shadow.NONE, active);
    for (int i = 0; i < sources.length; i++) {
      Side beside =
          side(
              engine,
              directory.resolve("beside-" + i),
              Shadow.EVALUATED,
              active,
              entry(2, Bundle.Role.SHADOW, sources[i]));
      ShadowBench bench = new ShadowBench(alone, beside, (i + 1L) * 1_000);
      bench.rounds(seconds, new ArrayList<>(), new ArrayList<>());
      List<Double> without = new ArrayList<>();
      List<Double> with = new ArrayList<>();
      bench.rounds(seconds, without, with);
      ratios[i] = Rounds.medianRatio(with, without);
      ArrayNode rounds = part.putArray("ratios_" + i);
      for (int round = 0; round < with.size(); round++) {
        rounds.add(with.get(round) / without.get(round));
      }
      part.put("candidate_" + i, names[i])
          .put("without_micros_" + i, Rounds.median(without))
          .put("with_micros_" + i, Rounds.median(with));
      figures.say(
          "%s beside %s: %.0f µs of processor time an inspection, %.0f without; %d rounds",
          names[i], ACTIVE, Rounds.median(with), Rounds.median(without), with.size());
      figures.atMost("processor time with a candidate to without", ratios[i], BAR);
    }
  }

  private static String library(String name) {
    return PolicyLibrary.policy(name).orElseThrow();
  }

  private static Bundle.Entry entry(int version, Bundle.Role role, String source)
      throws PolicyProblemsException {
    var policy = PolicyReader.read(source);
    return new Bundle.Entry(null, policy.name(), version, role, true, policy);
  }

  /** A side goes by a bundle as an instance does: signed, opened, and kept. */
  private static Side side(
      DetectionEngine engine, Path directory, Shadow shadow, Bundle.Entry... entries)
      throws IOException, GeneralSecurityException {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    String key = Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
    Path file =
        Files.writeString(
            Files.createDirectories(directory).resolve("signing.pub"),
            "-----BEGIN PUBLIC KEY-----\n" + key + "\n-----END PUBLIC KEY-----\n");
    PluginConfig config =
        LlmtraceConfig.defaults().plugin().toBuilder()
            .node("bench")
            .dataDirectory(directory)
            .policies(new PoliciesConfig(List.of(file), Map.of()))
            .build();
    BundleKeeper keeper = BundleKeeper.open(config, Clock.systemUTC());
    long now = System.currentTimeMillis();
    Bundle bundle =
        new Bundle(
            now,
            "bench",
            now,
            now + Duration.ofDays(1).toMillis(),
            List.of(key),
            new Bundle.Content(List.of(entries)));
    if (!keeper.take(SignedBundle.seal(bundle, message -> signed(pair, message)))) {
      throw new IllegalStateException("the bundle was refused: " + keeper.refused());
    }
    return new Side(
        new Identity(directory.getFileName().toString(), ""),
        new EngineAnalysis(engine, Dialects.builtIn(), keeper::table),
        new RuleRates(),
        shadow);
  }

  private static byte[] signed(KeyPair pair, byte[] message) {
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(pair.getPrivate());
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key that was just made signs", e);
    }
  }

  /** Rounds until the time is over, each as microseconds an inspection of either side. */
  private void rounds(double seconds, List<Double> without, List<Double> with)
      throws UnreadableBodyException {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (with.size() < LEAST_ROUNDS || System.nanoTime() - end < 0) {
      long nanosWithout = 0;
      long nanosWith = 0;
      for (int i = 0; i < OF_A_ROUND; i++) {
        byte[] body = conversations.get(next++ % CONVERSATIONS).next();
        if (i % 2 == 0) {
          nanosWithout += inspected(alone, body);
          nanosWith += inspected(beside, body);
        } else {
          nanosWith += inspected(beside, body);
          nanosWithout += inspected(alone, body);
        }
      }
      without.add(nanosWithout / 1e3 / OF_A_ROUND);
      with.add(nanosWith / 1e3 / OF_A_ROUND);
    }
  }

  /** Nanoseconds of processor time of all that the plugin does about the exchange's content. */
  private long inspected(Side side, byte[] body) throws UnreadableBodyException {
    GatewayRequest request =
        new GatewayRequest(
            conf,
            "POST",
            "/v1/chat/completions",
            HEADERS,
            BodyBytes.of(body),
            GatewayRequest.BodyState.READ,
            body.length,
            "bench",
            "",
            "",
            "127.0.0.1",
            System.nanoTime());
    InspectionBudget budget = InspectionBudget.unlimited();
    long start = threads.getCurrentThreadCpuTime();
    Policing policing =
        new Policing(
            side.analysis(),
            request,
            side.identity(),
            System.currentTimeMillis(),
            side.rates(),
            NO_BUDGETS);
    Exchange exchange =
        side.analysis()
            .read(
                new RequestContent(
                    request.method(), request.path(), request.headers(), request.body()),
                null,
                budget,
                BodyMemory.UNCOUNTED);
    policing.read(exchange, budget);
    Analysis.Run run =
        side.analysis()
            .prepare(exchange, side.identity().tenant(), policing.program().profile(), budget);
    if (!run.readSegments()) {
      run.leaveModelsOut();
    }
    policing.lookBeside(budget);
    Analysis.Seen seen = policing.with(run.seen());
    Mode mode = policing.decide(seen.findings(), Coverage.INSPECTED).decision().mode();
    ShadowDecision shadow = policing.shadow(seen.findings(), Coverage.INSPECTED);
    long nanos = threads.getCurrentThreadCpuTime() - start;
    if ((shadow != null) != (side.shadow() == Shadow.EVALUATED) || mode != Mode.OBSERVE) {
      throw new IllegalStateException("decided as " + mode + ", and beside as " + shadow);
    }
    return nanos;
  }
}
