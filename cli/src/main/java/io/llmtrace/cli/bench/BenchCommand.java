package io.llmtrace.cli.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.EngineBench.Times;
import io.llmtrace.cli.bench.anomalies.AnomaliesBenchCommand;
import io.llmtrace.cli.bench.controlplane.IngestBenchCommand;
import io.llmtrace.cli.bench.controlplane.StatisticsBenchCommand;
import io.llmtrace.cli.bench.gateway.GatewayBenchCommand;
import io.llmtrace.cli.bench.policies.DecisionBench;
import io.llmtrace.cli.bench.policies.PoliciesBenchCommand;
import io.llmtrace.cli.scan.ConfiguredEngine;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.classify.ModelException;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.policies.detect.signatures.SignatureDetector;
import io.llmtrace.policies.detect.signatures.SignatureEngine;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.terminal.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code bench detection|engine|gateway|ingest|statistics|anomalies|policies}: measures what is
 * shipped on this machine.
 */
@Command(
    name = "bench",
    description = "Measures the shipped engine, and the plugin in front of traffic.",
    subcommands = {
      GatewayBenchCommand.class,
      IngestBenchCommand.class,
      StatisticsBenchCommand.class,
      AnomaliesBenchCommand.class,
      PoliciesBenchCommand.class
    },
    mixinStandardHelpOptions = true)
public final class BenchCommand {
  /** Kinds that the shipped engine does not look for. */
  private static final Set<String> OFF = Set.of("person_name");

  /** The stages that a score is made of; the others find what they find. */
  private static final List<String> SCORING =
      List.of(SignatureDetector.NAME, NgramClassifier.NAME, GuardModel.NAME);

  private static final int TEXT = EngineBench.TEXT;
  private static final int WARM_UP_ROWS = 2000;
  private static final double DECISION_SECONDS = 6;

  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Command(
      name = "engine",
      description =
          "Time and memory of one inspection of 4 KB with and without the ONNX stage, on both"
              + " matchers, new and read before, beside an engine without stages in the same run;"
              + " time to the first verdict, and heap; and a decision by 200 rules of policies.",
      mixinStandardHelpOptions = true)
  int engine(
      @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
          @Nullable Path json)
      throws IOException, InterruptedException, PolicyProblemsException {
    PrintWriter out = spec.commandLine().getOut();
    EngineBench.Start start = EngineBench.start();
    out.println(start.lines());
    out.flush();
    EngineOptions cheap = EngineOptions.standard().withoutCache().without(GuardModel.NAME);
    List<Times> all = new ArrayList<>();
    out.println(EngineBench.head());
    Times nothing =
        EngineBench.time("no stages, 4 KB", new DetectionEngine(List.of()), TEXT, false);
    add(all, nothing, out);
    Times literals =
        EngineBench.time("new 4 KB, no ONNX, literals", on("aho-corasick", cheap), TEXT, false);
    add(all, literals, out);
    try {
      DetectionEngine hyperscan = on("hyperscan", cheap);
      add(all, EngineBench.time("new 4 KB, no ONNX, Hyperscan", hyperscan, TEXT, false), out);
    } catch (IllegalStateException | LinkageError e) {
      out.println("new 4 KB, no ONNX: Hyperscan does not run here: " + e.getMessage());
    }
    DetectionEngine uncached = loaded(EngineOptions.standard().withoutCache());
    add(all, EngineBench.time("new 4 KB", uncached, TEXT, false), out);
    add(all, EngineBench.time("new 400 characters", uncached, 400, false), out);
    DetectionEngine shipped = loaded(EngineOptions.standard());
    add(all, EngineBench.known("4 KB read before", shipped, TEXT), out);
    add(all, EngineBench.time("same, a new text before each", shipped, TEXT, true), out);
    try {
      add(all, EngineBench.window("ONNX stage, 256 tokens"), out);
    } catch (ModelException e) {
      out.println("ONNX stage: " + e.getMessage());
    }
    DecisionBench.Cost decision = DecisionBench.cost(DECISION_SECONDS);
    out.println(decision.line());
    ObjectNode root = WireJson.mapper().createObjectNode();
    root.set("start", start.json());
    root.set("decision", decision.json());
    ArrayNode times = root.putArray("times");
    all.forEach(each -> times.add(each.json()));
    double ratio = literals.percentile(0.5) / nothing.percentile(0.5);
    root.put("new_text_to_no_stages_p50", Math.round(ratio * 10) / 10.0);
    out.printf(Locale.ROOT, "new text takes %.1f times as long as no stages (p50)%n", ratio);
    write(json, root);
    return 0;
  }

  @Command(
      name = "detection",
      description =
          "What the engine catches and what it flags wrongly, on labelled texts: lines {text,"
              + " label: attack|benign, category, zone, lang, source, split_kind, technique}.",
      mixinStandardHelpOptions = true)
  int detection(
      @Option(
              names = "--data",
              required = true,
              paramLabel = "FILE",
              description = "The labelled texts.")
          Path data,
      @Option(
              names = "--config",
              paramLabel = "FILE",
              description =
                  "The configuration file, of which detection and models are used; what is shipped"
                      + " when left out.")
          @Nullable Path config,
      @Option(
              names = "--spans",
              paramLabel = "FILE",
              description =
                  "Texts with spans of secrets and personal data: lines {text, spans: [{start, end,"
                      + " type}]}.")
          @Nullable Path spans,
      @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures there.")
          @Nullable Path json,
      @Option(
              names = "--scorecard",
              paramLabel = "FILE",
              description = "Writes the whole scorecard there, with profiles and ablation.")
          @Nullable Path page)
      throws IOException, InterruptedException {
    try {
      List<LabelledText> rows = LabelledText.read(data);
      EngineOptions options = ConfiguredEngine.options(config);
      DetectionEngine engine = loaded(options);
      if (page != null) {
        // Costs of variants are compared: the first must not pay for what the JVM compiles.
        score("warm-up", options, rows.subList(0, Math.min(WARM_UP_ROWS, rows.size())));
      }
      List<ScoredText> scored = score("rows", options, rows);
      List<Bar> bars = new ArrayList<>(Scorecard.bars(scored));
      if (spans != null) {
        SpanBench.Counts counts = SpanBench.run(engine, spans, OFF).get("all");
        double f1 = counts == null ? Double.NaN : counts.f1();
        bars.add(Bar.atLeast("secrets and PII, span F1 (names off)", f1, 0.92, 0.97, "F1"));
      }
      Map<String, List<ScoredText>> variants = new LinkedHashMap<>();
      if (page != null) {
        for (Profile profile : List.of(Profile.RELAXED, Profile.STRICT)) {
          variants.put(profile.label(), score(profile.label(), options.with(profile), rows));
        }
        for (String stage : SCORING) {
          String name = "without " + stage;
          variants.put(name, score(name, options.without(stage), rows));
        }
      }
      Scorecard card = new Scorecard(bars, scored, variants, Retold.read());
      spec.commandLine().getOut().print(card.table());
      spec.commandLine().getOut().flush();
      write(json, card.json());
      if (page != null) {
        String command =
            "./llmtrace bench detection --data dev.jsonl --spans spans.jsonl"
                + (config == null ? "" : " --config llmtrace.yaml")
                + " --scorecard FILE";
        Files.writeString(page, card.page(command));
      }
      return bars.stream().allMatch(bar -> Double.isNaN(bar.value()) || bar.meetsFirst()) ? 0 : 1;
    } catch (NoSuchFileException e) {
      spec.commandLine().getErr().println("bench: " + e.getFile() + ": no such file");
      return 2;
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return 2;
    }
  }

  private static void add(List<Times> all, Times times, PrintWriter out) {
    all.add(times);
    out.println(times.line());
    out.flush();
  }

  /** An engine whose signatures run on one matcher, compiled before it is handed out. */
  private DetectionEngine on(String matcher, EngineOptions options) throws InterruptedException {
    String before = System.getProperty(SignatureEngine.PROPERTY);
    System.setProperty(SignatureEngine.PROPERTY, matcher);
    try {
      return loaded(options);
    } finally {
      if (before == null) {
        System.clearProperty(SignatureEngine.PROPERTY);
      } else {
        System.setProperty(SignatureEngine.PROPERTY, before);
      }
    }
  }

  private List<ScoredText> score(String what, EngineOptions options, List<LabelledText> rows)
      throws InterruptedException {
    LongConsumer progress = done -> {};
    if (Terminal.attached()) {
      PrintWriter err = spec.commandLine().getErr();
      progress =
          done -> {
            if (done % 100 == 0 || done == rows.size()) {
              err.printf(Locale.ROOT, "\r%s: %,d of %,d ", what, done, rows.size());
              err.print(done == rows.size() ? System.lineSeparator() : "");
              err.flush();
            }
          };
    }
    int threads = Runtime.getRuntime().availableProcessors();
    return new DetectionBench(loaded(options), threads).score(rows, progress);
  }

  private DetectionEngine loaded(EngineOptions options) throws InterruptedException {
    return ConfiguredEngine.loaded(options, spec.commandLine().getErr());
  }

  private static void write(@Nullable Path file, ObjectNode root) throws IOException {
    if (file != null) {
      Files.writeString(
          file, WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
    }
  }
}
