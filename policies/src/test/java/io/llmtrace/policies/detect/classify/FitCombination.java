package io.llmtrace.policies.detect.classify;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.CombinationModel.Stages;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.detect.classify.LogisticFit.Case;
import io.llmtrace.policies.detect.classify.TrainingReport.Scored;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Fits the combination of all stages, chooses the thresholds, and prints the bars: {@code
 * FitCombination DATA_DIR OUT_DIR [neural=all]}; with the last, the neural model alone is measured
 * too, on every text of dev. Needs {@code ngram-fold-N.bin} of the cross-validation in OUT_DIR; the
 * other stages are those of the class path: rerun it when packs, normaliser or models change. Takes
 * a few minutes.
 *
 * <p>Fitted on the training sources, each scored by the n-gram model that never saw it, and on
 * {@code seen_source}, which counts twice; {@code unseen_source} is only reported.
 */
final class FitCombination {
  private final PrintStream out;
  private final Path directory;
  private final Optional<OnnxTextClassifier> neural;
  private final boolean everyText;
  private final Map<String, Score> said = new TreeMap<>();

  private FitCombination(PrintStream out, Path directory, boolean everyText) {
    this.out = out;
    this.directory = directory;
    this.neural = neural(out);
    this.everyText = everyText;
  }

  private static Optional<OnnxTextClassifier> neural(PrintStream out) {
    try {
      return Optional.of(GuardModel.load(1));
    } catch (ModelException e) {
      out.println("without the neural stage: " + e.getMessage());
      return Optional.empty();
    }
  }

  public static void main(String[] arguments) throws IOException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    boolean everyText = arguments.length > 2 && arguments[2].equals("neural=all");
    new FitCombination(out, Path.of(arguments[1]), everyText).run(Path.of(arguments[0]));
  }

  private void run(Path data) throws IOException {
    List<StageScores.Row> folds = folds(TrainingRow.read(data.resolve("train.jsonl")));
    List<TrainingRow> dev = TrainingRow.read(data.resolve("dev.jsonl"));
    StageScores stages = new StageScores();
    NgramClassifier shipped = NgramClassifier.builtIn();
    List<StageScores.Row> seen =
        stages.of(dev.stream().filter(r -> r.split().equals("seen_source")).toList(), shipped);
    List<StageScores.Row> unseen =
        stages.of(dev.stream().filter(r -> r.split().equals("unseen_source")).toList(), shipped);

    double[] first = first(folds, seen);
    CombinationModel firstStep = model(first, new double[] {0, 1, 0, 0}, 0, 1, Map.of());
    // Few benign texts get here, and those that rules and n-grams call attacks most of all need a
    // second opinion.
    double doubtFrom = quantile(verdicts(firstStep, benign(seen)), 0.95);
    double doubtTo = 0.995;
    CombinationModel doubting =
        model(first, new double[] {0, 1, 0, 0}, doubtFrom, doubtTo, Map.of());
    List<StageScores.Row> seenAsked = asked(doubting, seen);
    double[] second = second(first, seenAsked);
    CombinationModel combined = model(first, second, doubtFrom, doubtTo, Map.of());

    List<StageScores.Row> choosing = new ArrayList<>(seenAsked);
    Map<Profile, Double> thresholds = new EnumMap<>(Profile.class);
    List<Double> quiet = verdicts(combined, benign(choosing));
    thresholds.put(Profile.RELAXED, quantile(quiet, 0.997));
    thresholds.put(Profile.BALANCED, quantile(quiet, 0.99));
    thresholds.put(Profile.STRICT, quantile(quiet, 0.96));
    CombinationModel model = model(first, second, doubtFrom, doubtTo, thresholds);
    Files.createDirectories(directory);
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    Files.writeString(
        directory.resolve("combination.json"), json.writeValueAsString(model.written()) + "\n");
    List<StageScores.Row> unseenAsked = asked(model, unseen);
    report(model, "folds", folds, folds);
    report(model, "seen_source", seen, seenAsked);
    report(model, "unseen_source", unseen, unseenAsked);
    bars(model, unseenAsked);
  }

  private List<StageScores.Row> folds(List<TrainingRow> rows) throws IOException {
    Map<String, Integer> folds = TrainingData.folds(rows);
    StageScores stages = new StageScores();
    List<StageScores.Row> scored = new ArrayList<>();
    for (int fold = 0; fold < TrainingData.FOLDS; fold++) {
      NgramClassifier ngram =
          new NgramClassifier(
              NgramModel.read(
                  Files.readAllBytes(directory.resolve("ngram-fold-" + fold + ".bin"))));
      for (TrainingRow row : rows) {
        if (folds.get(row.source()) == fold) {
          scored.add(stages.of(row, ngram));
        }
      }
    }
    return scored;
  }

  private static CombinationModel model(
      double[] first,
      double[] second,
      double doubtFrom,
      double doubtTo,
      Map<Profile, Double> thresholds) {
    return new CombinationModel(
        first[0],
        Arrays.copyOfRange(first, 1, first.length),
        second[0],
        Arrays.copyOfRange(second, 1, second.length),
        doubtFrom,
        doubtTo,
        thresholds);
  }

  /** Large sources count less for each text, by the square root of their size. */
  private static List<Case> cases(List<StageScores.Row> rows, double total) {
    Map<String, Integer> sizes = new TreeMap<>();
    rows.forEach(r -> sizes.merge(r.row().source(), 1, Integer::sum));
    double sum = 0;
    for (StageScores.Row row : rows) {
      sum += 1 / Math.sqrt(sizes.get(row.row().source()));
    }
    List<Case> cases = new ArrayList<>();
    for (StageScores.Row row : rows) {
      cases.add(
          new Case(
              CombinationModel.features(row.stages()),
              row.row().attack(),
              total / sum / Math.sqrt(sizes.get(row.row().source()))));
    }
    return cases;
  }

  private double[] first(List<StageScores.Row> folds, List<StageScores.Row> seen) {
    List<Case> cases = cases(folds, 2000);
    cases.addAll(cases(seen, 4000));
    double[] fitted =
        LogisticFit.fit(cases, CombinationModel.FEATURES, CombinationModel.NEVER_NEGATIVE, 2);
    out.printf(Locale.ROOT, "bias %.3f%n", fitted[0]);
    for (int i = 1; i < fitted.length; i++) {
      out.printf(Locale.ROOT, "%s %.3f%n", CombinationModel.FEATURES.get(i - 1), fitted[i]);
    }
    return fitted;
  }

  /** Asks the neural stage where the first step is in doubt. */
  private List<StageScores.Row> asked(CombinationModel model, List<StageScores.Row> rows) {
    List<StageScores.Row> asked = new ArrayList<>();
    for (StageScores.Row row : rows) {
      boolean ask =
          neural.isPresent()
              && model.inDoubt(model.combine(row.stages()))
              && neural.get().reads(row.row().zone());
      asked.add(
          ask
              ? new StageScores.Row(
                  row.row(), StageScores.with(row.stages(), said(neural.get(), row)))
              : row);
    }
    return asked;
  }

  private Score said(OnnxTextClassifier guard, StageScores.Row row) {
    return said.computeIfAbsent(
        row.row().id(),
        id -> guard.score(row.stages().reading(), row.stages().ngram(), StageScores.UNLIMITED));
  }

  private double[] second(double[] first, List<StageScores.Row> asked) {
    List<Case> cases = new ArrayList<>();
    for (StageScores.Row row : asked) {
      row.stages()
          .neural()
          .ifPresent(
              said ->
                  cases.add(
                      new Case(
                          CombinationModel.neuralFeatures(
                              row.stages(), said, logit(first, row.stages())),
                          row.row().attack(),
                          1)));
    }
    if (cases.isEmpty()) {
      return new double[] {0, 1, 0, 0};
    }
    double[] fitted =
        LogisticFit.fit(
            cases, CombinationModel.NEURAL_FEATURES, Set.of("first_step", "neural_window"), 2);
    out.printf(Locale.ROOT, "second step on %d texts: %s%n", cases.size(), Arrays.toString(fitted));
    return fitted;
  }

  private static double logit(double[] first, Stages stages) {
    double[] values = CombinationModel.features(stages);
    double logit = first[0];
    for (int i = 0; i < values.length; i++) {
      logit += first[i + 1] * values[i];
    }
    return logit;
  }

  private static List<StageScores.Row> benign(List<StageScores.Row> rows) {
    return rows.stream().filter(r -> !r.row().attack()).toList();
  }

  private static List<Double> verdicts(CombinationModel model, List<StageScores.Row> rows) {
    List<Double> verdicts = new ArrayList<>();
    rows.forEach(r -> verdicts.add(model.combine(r.stages()).confidence()));
    Collections.sort(verdicts);
    return verdicts;
  }

  private static double quantile(List<Double> sorted, double share) {
    return sorted.get(Math.min(sorted.size() - 1, (int) Math.ceil(sorted.size() * share)));
  }

  private static List<Scored> scored(
      List<StageScores.Row> rows, Function<StageScores.Row, Double> score) {
    return rows.stream().map(r -> new Scored(r.row(), score.apply(r))).toList();
  }

  private void report(
      CombinationModel model,
      String name,
      List<StageScores.Row> rows,
      List<StageScores.Row> asked) {
    out.println("== " + name);
    out.println(
        TrainingReport.line(
            "rules",
            scored(
                rows,
                r ->
                    CombinationModel.features(r.stages())[
                        CombinationModel.FEATURES.indexOf("rule_strongest")])));
    out.println(TrainingReport.line("ngram", scored(rows, r -> r.stages().ngram().logit())));
    if (everyText && neural.isPresent() && !name.equals("folds")) {
      out.println(TrainingReport.line("neural", scored(rows, r -> said(neural.get(), r).logit())));
    }
    out.println(
        TrainingReport.line(
            "first step", scored(rows, r -> model.combine(r.stages()).confidence())));
    List<Scored> combined = scored(asked, r -> model.combine(r.stages()).confidence());
    out.println(TrainingReport.line("combined", combined));
    for (Profile profile : Profile.values()) {
      double t = model.threshold(profile);
      out.printf(
          Locale.ROOT,
          "%-10s threshold %.3f recall %.3f false alarms %.4f F1 %.3f%n",
          profile.label(),
          t,
          TrainingReport.recall(combined, t),
          TrainingReport.falseAlarms(combined, t),
          TrainingReport.f1(combined, t));
    }
    long quiet = asked.stream().filter(r -> !r.row().attack()).count();
    long troubled =
        asked.stream().filter(r -> !r.row().attack() && r.stages().neural().isPresent()).count();
    out.printf(
        Locale.ROOT, "benign texts that the neural stage read: %.3f%n", (double) troubled / quiet);
    reliability(asked, model);
  }

  private void reliability(List<StageScores.Row> rows, CombinationModel model) {
    double brier = 0;
    int[] count = new int[10];
    int[] attacks = new int[10];
    double[] said = new double[10];
    for (StageScores.Row row : rows) {
      Verdict verdict = model.combine(row.stages());
      double p = verdict.confidence();
      double y = row.row().attack() ? 1 : 0;
      brier += (p - y) * (p - y);
      int bin = Math.min(9, (int) (p * 10));
      count[bin]++;
      said[bin] += p;
      attacks[bin] += row.row().attack() ? 1 : 0;
    }
    StringBuilder table = new StringBuilder();
    for (int bin = 0; bin < 10; bin++) {
      if (count[bin] > 0) {
        table.append(
            String.format(
                Locale.ROOT,
                "  %.2f->%.2f (%d)",
                said[bin] / count[bin],
                (double) attacks[bin] / count[bin],
                count[bin]));
      }
    }
    out.printf(Locale.ROOT, "Brier %.4f, said->were:%s%n", brier / rows.size(), table);
  }

  private void bars(CombinationModel model, List<StageScores.Row> asked) {
    List<Scored> combined = scored(asked, r -> model.combine(r.stages()).confidence());
    double t = model.threshold(Profile.BALANCED);
    out.println("== bars on unseen_source, balanced");
    bar(
        "attack recall at 1 % false alarms",
        TrainingReport.recall(combined, TrainingReport.threshold(combined, 0.01)));
    bar("F1", TrainingReport.f1(combined, t));
    bar(
        "false alarms on hard benign text",
        share(
            combined,
            t,
            r ->
                !r.attack()
                    && List.of("security_talk", "code", "roleplay", "document")
                        .contains(r.category())));
    bar(
        "encoded attacks caught",
        share(combined, t, r -> r.attack() && r.category().equals("encoding_attack")));
    bar(
        "encoded benign text flagged",
        share(
            combined,
            t,
            r ->
                !r.attack()
                    && !r.technique().isEmpty()
                    && !r.technique().equals("wrapped")
                    && !r.technique().equals("chat_template")));
    bar(
        "indirect injection in documents and tool results",
        share(combined, t, r -> r.attack() && r.category().equals("indirect_injection")));
    for (Map.Entry<String, Function<TrainingRow, String>> group :
        Map.<String, Function<TrainingRow, String>>of(
                "category", TrainingRow::category,
                "zone", r -> r.zone().label(),
                "language", TrainingRow::lang,
                "length",
                    r ->
                        r.text().length() < 200
                            ? "1 under 200"
                            : r.text().length() < 1000
                                ? "2 under 1000"
                                : r.text().length() < 4000 ? "3 under 4000" : "4 longer",
                "source", TrainingRow::source)
            .entrySet()) {
      out.println("by " + group.getKey());
      out.print(TrainingReport.groups(combined, t, group.getValue()));
    }
  }

  private static double share(
      List<Scored> scored, double threshold, java.util.function.Predicate<TrainingRow> which) {
    List<Scored> some = scored.stream().filter(s -> which.test(s.row())).toList();
    return (double) some.stream().filter(s -> s.score() > threshold).count()
        / Math.max(1, some.size());
  }

  private void bar(String name, double value) {
    out.printf(Locale.ROOT, "%-52s %.3f%n", name, value);
  }
}
