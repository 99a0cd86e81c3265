package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.TrainingReport.Scored;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Trains the n-gram model: {@code TrainNgram DATA_DIR OUT_DIR [key=value …]}. With {@code cv=true}
 * it trains on four fifths of the sources at a time and says how it does on the others.
 */
final class TrainNgram {
  private static final InspectionBudget UNLIMITED =
      InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);

  private TrainNgram() {}

  public static void main(String[] arguments) throws IOException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Path data = Path.of(arguments[0]);
    Path to = Path.of(arguments[1]);
    Map<String, String> given = NgramTrainer.Options.pairs(arguments);
    NgramTrainer.Options options = NgramTrainer.Options.from(given);
    int made = Integer.parseInt(given.getOrDefault("made", "5000"));
    long start = System.nanoTime();
    NgramFeatures maker = new NgramFeatures();
    List<TrainingRow> rows = TrainingRow.read(data.resolve("train.jsonl"));
    List<TrainingRow> dev = TrainingRow.read(data.resolve("dev.jsonl"));
    List<Bag> bags = new ArrayList<>();
    for (TrainingRow row : rows) {
      bags.add(Bag.of(row, maker));
    }
    int located = TrainingData.locate(bags);
    out.printf(
        "%d rows, %d embedded payloads located, %d s%n", bags.size(), located, seconds(start));
    if (given.containsKey("cv")) {
      crossValidate(bags, options, made, maker, to, out);
    }
    if (!given.containsKey("nofinal")) {
      List<Bag> all = new ArrayList<>(bags);
      all.addAll(TrainingData.embedded(bags, made, options.seed, maker));
      NgramTrainer trainer = new NgramTrainer(options);
      trainer.fit(all);
      NgramModel model = trainer.model();
      Files.createDirectories(to);
      Files.write(to.resolve("ngram.bin"), model.bytes());
      report(new NgramClassifier(model), dev, out, given.containsKey("unseen"));
    }
    out.printf("%d s%n", seconds(start));
  }

  private static long seconds(long since) {
    return (System.nanoTime() - since) / 1_000_000_000;
  }

  private static void crossValidate(
      List<Bag> bags,
      NgramTrainer.Options options,
      int made,
      NgramFeatures maker,
      Path to,
      PrintStream out)
      throws IOException {
    Map<String, Integer> folds = TrainingData.folds(bags.stream().map(b -> b.row).toList());
    List<Scored> all = new ArrayList<>();
    for (int fold = 0; fold < TrainingData.FOLDS; fold++) {
      List<Bag> train = new ArrayList<>();
      List<TrainingRow> held = new ArrayList<>();
      for (Bag bag : bags) {
        if (folds.get(bag.row.source()) != fold) {
          train.add(bag);
        } else {
          held.add(bag.row);
        }
      }
      train.addAll(TrainingData.embedded(train, made, options.seed, maker));
      NgramTrainer trainer = new NgramTrainer(options);
      trainer.fit(train);
      NgramModel model = trainer.model();
      Files.createDirectories(to);
      Files.write(to.resolve("ngram-fold-" + fold + ".bin"), model.bytes());
      List<Scored> scored = score(new NgramClassifier(model), held);
      out.println(TrainingReport.line("fold " + fold, scored));
      all.addAll(scored);
    }
    out.println(TrainingReport.line("left-out sources", all));
    double threshold = TrainingReport.threshold(all, 0.02);
    out.print(TrainingReport.groups(all, threshold, TrainingRow::category));
    out.print(
        TrainingReport.groups(
            all.stream().filter(s -> s.row().attack()).toList(), threshold, TrainingRow::source));
  }

  static List<Scored> score(NgramClassifier classifier, List<TrainingRow> rows) {
    List<Scored> scored = new ArrayList<>();
    for (TrainingRow row : rows) {
      Segment segment = new Segment(row.zone(), "", "", row.text());
      scored.add(
          new Scored(
              row, classifier.score(Normaliser.read(segment, UNLIMITED), UNLIMITED).logit()));
    }
    return scored;
  }

  static void report(
      NgramClassifier classifier, List<TrainingRow> dev, PrintStream out, boolean details) {
    List<Scored> seen =
        score(classifier, dev.stream().filter(r -> r.split().equals("seen_source")).toList());
    List<Scored> unseen =
        score(classifier, dev.stream().filter(r -> r.split().equals("unseen_source")).toList());
    out.println(TrainingReport.line("seen_source", seen));
    out.println(TrainingReport.line("unseen_source", unseen));
    double threshold = TrainingReport.threshold(seen, 0.01);
    if (details) {
      out.print(TrainingReport.groups(unseen, threshold, TrainingRow::category));
    }
  }
}
