package io.llmtrace.policies.detect.classify;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes the windows that the neural model learns from: {@code ExportWindows DATA_DIR OUT_DIR
 * [key=value …]}. A window of an attack is where its payload is known to be, or where an n-gram
 * model that never saw its source is most suspicious; a window of a benign text is where that model
 * is most wrong.
 */
final class ExportWindows {
  private static final InspectionBudget UNLIMITED =
      InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
  private static final int AROUND = 1200;
  private static final ObjectMapper JSON =
      new ObjectMapper(new JsonFactoryBuilder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build());

  private ExportWindows() {}

  public static void main(String[] arguments) throws IOException {
    Path data = Path.of(arguments[0]);
    Path to = Path.of(arguments[1]);
    Map<String, String> given = NgramTrainer.Options.pairs(arguments);
    NgramTrainer.Options options = NgramTrainer.Options.from(given);
    int made = Integer.parseInt(given.getOrDefault("made", "5000"));
    NgramFeatures maker = new NgramFeatures();
    List<Bag> bags = new ArrayList<>();
    for (TrainingRow row : TrainingRow.read(data.resolve("train.jsonl"))) {
      bags.add(Bag.of(row, maker));
    }
    TrainingData.locate(bags);
    Map<String, Integer> folds = TrainingData.folds(bags.stream().map(b -> b.row).toList());
    Random random = new Random(options.seed);
    Files.createDirectories(to);
    try (BufferedWriter out =
        Files.newBufferedWriter(to.resolve("windows-train.jsonl"), StandardCharsets.UTF_8)) {
      List<Bag> embedded = TrainingData.embedded(bags, made, options.seed + 1, maker);
      for (int fold = 0; fold < TrainingData.FOLDS; fold++) {
        List<Bag> train = new ArrayList<>();
        List<Bag> held = new ArrayList<>();
        for (Bag bag : bags) {
          (folds.get(bag.row.source()) == fold ? held : train).add(bag);
        }
        train.addAll(TrainingData.embedded(train, made, options.seed, maker));
        for (Bag bag : embedded) {
          if (folds.get(bag.row.source()) == fold) {
            held.add(bag);
          }
        }
        NgramTrainer trainer = new NgramTrainer(options);
        trainer.fit(train);
        NgramClassifier classifier = new NgramClassifier(trainer.model());
        for (Bag bag : held) {
          write(bag, classifier, fold, random, out);
        }
      }
    }
    NgramClassifier shipped =
        new NgramClassifier(NgramModel.read(Files.readAllBytes(to.resolve("ngram.bin"))));
    try (BufferedWriter out =
        Files.newBufferedWriter(to.resolve("windows-dev.jsonl"), StandardCharsets.UTF_8)) {
      for (TrainingRow row : TrainingRow.read(data.resolve("dev.jsonl"))) {
        write(Bag.of(row, maker), shipped, -1, random, out);
      }
    }
  }

  private static void write(
      Bag bag, NgramClassifier classifier, int fold, Random random, BufferedWriter out)
      throws IOException {
    Segment segment = new Segment(bag.row.zone(), "", "", bag.row.text());
    Score score = classifier.score(Normaliser.read(segment, UNLIMITED), UNLIMITED);
    write(bag, score, fold, "best", score.view().text(), score.from(), score.to(), out);
    for (Bag.View view : bag.views) {
      if (view.payloadFrom >= 0 && view.payloadFrom < view.text.length()) {
        write(bag, score, fold, "payload", view.text, view.payloadFrom, view.payloadTo, out);
      }
    }
    if (!bag.row.attack() && bag.row.text().length() > 1500) {
      int at = random.nextInt(bag.row.text().length() - 200);
      write(bag, score, fold, "other", bag.row.text(), at, at + 200, out);
    } else if (bag.row.attack() && bag.row.text().length() > 1500 && !bag.row.embedded()) {
      write(bag, score, fold, "begin", bag.row.text(), 0, 200, out);
    }
  }

  /** Moves a cut out of the middle of a character of two units. */
  private static int whole(String text, int cut) {
    boolean inside =
        cut > 0
            && cut < text.length()
            && Character.isLowSurrogate(text.charAt(cut))
            && Character.isHighSurrogate(text.charAt(cut - 1));
    return inside ? cut - 1 : cut;
  }

  private static void write(
      Bag bag,
      Score score,
      int fold,
      String kind,
      String text,
      int from,
      int to,
      BufferedWriter out)
      throws IOException {
    int begin = whole(text, Math.max(0, from - AROUND));
    int end = whole(text, Math.min(text.length(), Math.max(from + 1, to) + AROUND));
    ObjectNode node = JSON.createObjectNode();
    node.put("id", bag.row.id())
        .put("label", bag.row.attack() ? 1 : 0)
        .put("zone", bag.row.zone().label())
        .put("source", bag.row.source())
        .put("category", bag.row.category())
        .put("technique", bag.row.technique())
        .put("lang", bag.row.lang())
        .put("split", bag.row.split())
        .put("fold", fold)
        .put("kind", kind)
        .put("length", bag.row.text().length())
        .put("logit", score.logit())
        .put("mean", score.mean())
        .put("windows", score.windows())
        .put("original", score.view().isOriginal())
        .put("text", text.substring(begin, end))
        .put("from", text.codePointCount(begin, Math.max(begin, from)))
        .put("to", text.codePointCount(begin, Math.max(begin, Math.min(to, end))));
    out.write(JSON.writeValueAsString(node));
    out.newLine();
  }
}
