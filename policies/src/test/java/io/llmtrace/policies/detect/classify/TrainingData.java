package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** What is done to the corpus before models learn from it; seeded, so that it is done the same. */
final class TrainingData {
  static final int FOLDS = 5;
  private static final int SHINGLE = 6;

  private TrainingData() {}

  /** A fold for each source, the largest sources first, each to the fold that has the least. */
  static Map<String, Integer> folds(List<TrainingRow> rows) {
    Map<String, int[]> sizes = new TreeMap<>();
    for (TrainingRow row : rows) {
      sizes.computeIfAbsent(row.source(), s -> new int[2])[row.attack() ? 1 : 0]++;
    }
    List<Map.Entry<String, int[]>> order = new ArrayList<>(sizes.entrySet());
    order.sort(
        (a, b) -> {
          int bySize =
              Integer.compare(
                  b.getValue()[1] * 3 + b.getValue()[0], a.getValue()[1] * 3 + a.getValue()[0]);
          return bySize != 0 ? bySize : a.getKey().compareTo(b.getKey());
        });
    double[] load = new double[FOLDS];
    Map<String, Integer> folds = new TreeMap<>();
    for (Map.Entry<String, int[]> source : order) {
      int least = 0;
      for (int f = 1; f < FOLDS; f++) {
        if (load[f] < load[least]) {
          least = f;
        }
      }
      load[least] += source.getValue()[1] * 3 + source.getValue()[0];
      folds.put(source.getKey(), least);
    }
    return folds;
  }

  /**
   * Finds where the payload of an embedded attack stands: in the words that it shares, six at a
   * time, with attacks that stand alone.
   */
  static int locate(List<Bag> bags) {
    Set<Long> known = new HashSet<>();
    for (Bag bag : bags) {
      if (bag.row.attack() && !bag.row.embedded() && bag.row.text().length() < 3000) {
        for (Bag.View view : bag.views) {
          long[] shingles = shingles(view);
          for (long s : shingles) {
            known.add(s);
          }
        }
      }
    }
    int located = 0;
    for (Bag bag : bags) {
      if (!bag.row.attack() || !bag.row.embedded()) {
        continue;
      }
      for (Bag.View view : bag.views) {
        long[] shingles = shingles(view);
        int[] words = words(view);
        for (int i = 0; i < shingles.length; i++) {
          if (known.contains(shingles[i])) {
            int from = view.from[words[i]];
            int to = view.to[words[i + SHINGLE - 1]];
            view.payloadFrom = view.payloadFrom < 0 ? from : Math.min(view.payloadFrom, from);
            view.payloadTo = Math.max(view.payloadTo, to);
          }
        }
      }
      if (bag.views.stream().anyMatch(v -> v.payloadFrom >= 0)) {
        located++;
        for (Bag.View view : bag.views) {
          if (view.payloadFrom < 0) {
            // Found in another view: nothing of this one is the payload.
            view.payloadFrom = Integer.MAX_VALUE / 2;
            view.payloadTo = Integer.MAX_VALUE / 2 + 1;
          }
        }
      }
    }
    return located;
  }

  private static int[] words(Bag.View view) {
    return java.util.stream.IntStream.range(0, view.tokens()).filter(t -> view.word[t]).toArray();
  }

  private static long[] shingles(Bag.View view) {
    int[] words = words(view);
    int n = Math.max(0, words.length - SHINGLE + 1);
    long[] shingles = new long[n];
    for (int i = 0; i < n; i++) {
      long h = 17;
      for (int j = 0; j < SHINGLE; j++) {
        h = h * 0x9E3779B97F4A7C15L + view.hash[words[i + j]];
        h ^= h >>> 29;
      }
      shingles[i] = h;
    }
    return shingles;
  }

  /** Attacks put into benign documents and tool results, at a place that is known. */
  static List<Bag> embedded(List<Bag> bags, int count, long seed, NgramFeatures maker) {
    List<Bag> payloads = new ArrayList<>();
    List<Bag> hosts = new ArrayList<>();
    Map<String, Integer> perSource = new HashMap<>();
    for (Bag bag : bags) {
      TrainingRow row = bag.row;
      if (row.attack()
          && !row.embedded()
          && row.technique().isEmpty()
          && row.text().length() >= 20
          && row.text().length() <= 900
          && !row.category().equals("encoding_attack")
          && !row.category().equals("other_attack")) {
        payloads.add(bag);
        perSource.merge(row.source(), 1, Integer::sum);
      } else if (!row.attack()
          && (row.zone() == Zone.DOCUMENT
              || row.zone() == Zone.TOOL_RESULT
              || row.text().length() > 600)
          && row.zone() != Zone.SYSTEM
          && row.text().length() > 250
          && (row.technique().isEmpty() || row.technique().equals("wrapped"))) {
        hosts.add(bag);
      }
    }
    List<Bag> made = new ArrayList<>();
    if (payloads.isEmpty() || hosts.isEmpty()) {
      return made;
    }
    Random random = new Random(seed);
    while (made.size() < count) {
      Bag payload = payloads.get(random.nextInt(payloads.size()));
      // Half of the large sources' share goes to the small ones.
      if (random.nextDouble()
          > Math.sqrt(60.0 / Math.max(60, perSource.get(payload.row.source())))) {
        continue;
      }
      TrainingRow host = hosts.get(random.nextInt(hosts.size())).row;
      made.add(embed(payload.row, host, made.size(), random, maker));
    }
    return made;
  }

  private static Bag embed(
      TrainingRow payload, TrainingRow host, int number, Random random, NgramFeatures maker) {
    String text = host.text();
    int longest = 300 + random.nextInt(5000);
    if (text.length() > longest) {
      int cut = random.nextInt(text.length() - longest);
      text = text.substring(cut, cut + longest);
    }
    int at = place(text, random);
    boolean json = host.technique().equals("wrapped") && text.contains("\\n");
    String said = payload.text().strip();
    String[] around =
        switch (random.nextInt(6)) {
          case 0 -> new String[] {"\n\n", "\n\n"};
          case 1 -> new String[] {"\n<!-- ", " -->\n"};
          case 2 -> new String[] {" ", " "};
          case 3 -> new String[] {"\n# ", "\n"};
          default -> new String[] {"\n", "\n"};
        };
    String before = text.substring(0, at) + (json ? around[0].replace("\n", "\\n") : around[0]);
    String inside = json ? said.replace("\n", "\\n").replace("\"", "\\\"") : said;
    String whole =
        before + inside + (json ? around[1].replace("\n", "\\n") : around[1]) + text.substring(at);
    Zone zone = host.zone() == Zone.USER && random.nextInt(3) > 0 ? Zone.DOCUMENT : host.zone();
    TrainingRow row =
        new TrainingRow(
            "made-" + number,
            whole,
            true,
            "indirect_injection",
            zone,
            payload.lang(),
            payload.source(),
            "made",
            "embed",
            host.source());
    Bag bag = Bag.of(row, maker);
    for (Bag.View view : bag.views) {
      if (view.original) {
        view.payloadFrom = before.length();
        view.payloadTo = before.length() + inside.length();
      } else {
        int found = view.text.indexOf(said.substring(0, Math.min(20, said.length())));
        view.payloadFrom = found >= 0 ? found : Integer.MAX_VALUE / 2;
        view.payloadTo = view.payloadFrom + said.length();
      }
    }
    return bag;
  }

  /** A break of a line or a sentence, or either end. */
  private static int place(String text, Random random) {
    int kind = random.nextInt(10);
    if (kind == 0) {
      return 0;
    }
    if (kind <= 2) {
      return text.length();
    }
    int at = random.nextInt(text.length());
    for (int i = at; i < Math.min(text.length(), at + 400); i++) {
      char c = text.charAt(i);
      if (c == '\n' || (c == '.' && i + 1 < text.length() && text.charAt(i + 1) == ' ')) {
        return i + 1;
      }
    }
    for (int i = at; i < text.length(); i++) {
      if (text.charAt(i) == ' ') {
        return i;
      }
    }
    return text.length();
  }
}
