package io.llmtrace.policies.detect.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Run by hand: what the normaliser makes of the rows of JSON-lines files, and how long it takes.
 *
 * <pre>
 * mvn test-compile dependency:build-classpath -pl policies -Dmdep.outputFile=/tmp/cp
 * java -cp policies/target/test-classes:policies/target/classes:$(cat /tmp/cp) \
 *   io.llmtrace.policies.detect.text.NormaliserReport time
 * … NormaliserReport hostile
 * … NormaliserReport rows FILE [TECHNIQUE [missed | benign | TRANSFORMS]]
 * </pre>
 */
final class NormaliserReport {
  private NormaliserReport() {}

  public static void main(String[] args) throws IOException {
    if (args[0].equals("time")) {
      time("prose", prose(4096));
      time("code", code(4096));
    } else if (args[0].equals("hostile")) {
      for (String unit : NormaliserTest.hostileUnits()) {
        hostile(unit);
      }
    } else {
      rows(Path.of(args[1]), args.length > 2 ? args[2] : "", args.length > 3 ? args[3] : "");
    }
  }

  private static String prose(int length) {
    String text =
        "The committee met on Tuesday to discuss the budget for next year. Mrs. Hall, who chairs"
            + " the group, said that costs had risen by 7 % since 2019; nobody was surprised. \"We"
            + " will have to choose,\" she told the local paper, \"between the library and the"
            + " swimming pool.\" After a long debate (see page 12) the members agreed to wait.\n\n";
    return text.repeat(length / text.length() + 1).substring(0, length);
  }

  private static String code(int length) {
    String text =
        """
        public int indexOf(String needle, int fromIndex) {
          if (needle == null || fromIndex >= this.length) {
            return -1; // not found
          }
          for (int i = Math.max(0, fromIndex); i < length_ - needle.length(); i++) {
            boolean matches = true;
            for (int k = 0; matches && k < needle.length(); k++) {
              matches &= chars[i + k] == needle.charAt(k);
            }
            if (matches) { return i; }
          }
          throw new IllegalStateException("cannot happen: " + needle);
        }

        """;
    return text.repeat(length / text.length() + 1).substring(0, length);
  }

  private static void time(String name, String text) {
    Segment segment = new Segment(Zone.USER, "user", "", text);
    long[] nanos = new long[20_000];
    int views = 0;
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpu = 0;
    for (int round = 0; round < 3; round++) {
      cpu = threads.getCurrentThreadCpuTime();
      for (int i = 0; i < nanos.length; i++) {
        long start = System.nanoTime();
        views += Normaliser.read(segment, endless()).views().size();
        nanos[i] = System.nanoTime() - start;
      }
      cpu = threads.getCurrentThreadCpuTime() - cpu;
    }
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%s of %d characters: p50 %.1f us, p99 %.1f us, mean of CPU time %.1f us, %.2f views%n",
        name,
        text.length(),
        nanos[nanos.length / 2] / 1000.0,
        nanos[nanos.length * 99 / 100] / 1000.0,
        cpu / 1000.0 / nanos.length,
        views / 3.0 / nanos.length);
  }

  /**
   * A mebibyte of a unit, all of it: how long that took, and how long at most the budget was not
   * asked, which is how much an inspection can exceed it. Time of this thread's own: what other
   * programs take of the machine does not count. The first of three rounds warms up.
   */
  private static void hostile(String unit) {
    String text = unit.repeat(1024 * 1024 / unit.length());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long took = 0;
    long[] gap = {0, 0};
    for (int round = 0; round < 3; round++) {
      gap[1] = 0;
      long start = threads.getCurrentThreadCpuTime();
      gap[0] = start;
      Readings.of(
          text,
          InspectionBudget.until(
              Long.MAX_VALUE / 2,
              () -> {
                long now = threads.getCurrentThreadCpuTime();
                gap[1] = Math.max(gap[1], now - gap[0]);
                gap[0] = now;
                return 0;
              }));
      long end = threads.getCurrentThreadCpuTime();
      gap[1] = Math.max(gap[1], end - gap[0]);
      took = end - start;
    }
    System.out.printf(
        Locale.ROOT,
        "%8.1f ms unasked at most, %8.1f ms in all: %s%n",
        gap[1] / 1e6,
        took / 1e6,
        unit.substring(0, Math.min(24, unit.length())).replace('\n', '~'));
  }

  private static void rows(Path file, String technique, String label) throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, int[]> attacks = new TreeMap<>();
    Map<String, int[]> benign = new TreeMap<>();
    Map<String, int[]> transforms = new TreeMap<>();
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        String text = row.path("text").asText();
        SegmentReading reading =
            Normaliser.read(new Segment(Zone.USER, "user", "", text), endless());
        List<TextView> views = reading.views();
        boolean attack = row.path("label").asText().equals("attack");
        String how = row.path("technique").asText("-");
        boolean encoded = row.path("category").asText().equals("encoding_attack");
        int legible = 0;
        for (TextView view : views) {
          legible = Math.max(legible, legible(view));
        }
        if (attack && encoded) {
          count(attacks, how, views.size() > 1, legible >= 60, views.size());
        } else if (!attack) {
          count(benign, how, views.size() > 1, legible >= 60, views.size());
          if (how.equals("-") || how.equals("wrapped") || how.equals("chat_template")) {
            for (TextView view : views.subList(1, views.size())) {
              count(transforms, view.transforms().toString(), true, true, view.text().length());
            }
          }
        }
        boolean asked =
            label.isEmpty()
                || (label.equals("missed")
                    ? views.size() == 1 && attack && encoded
                    : label.equals("benign")
                        ? !attack && views.size() > 1
                        : views.stream().anyMatch(v -> v.transforms().toString().equals(label))
                            && !attack);
        if (how.equals(technique) && asked) {
          List<String> shown = new ArrayList<>();
          for (TextView view : views) {
            String t = view.text();
            shown.add(view.transforms() + " " + t.substring(0, Math.min(300, t.length())));
          }
          System.out.println(row.path("id").asText() + "\n   " + String.join("\n   ", shown));
        }
      }
    }
    print("encoding attacks by technique", attacks);
    print("benign by technique", benign);
    print("forms of benign rows that nobody encoded", transforms);
  }

  /** How well a form reads, in per cent of the letters that stand in ordinary words. */
  private static int legible(TextView view) {
    char[] chars = view.text().toCharArray();
    int good = 0;
    int all = 1;
    for (int i = 0; i < chars.length; ) {
      int end = Letters.wordEnd(chars, i, chars.length);
      if (end > i) {
        all += end - i;
        good += Letters.word(chars, i, end) > 8 * (end - i) ? end - i : 0;
      }
      i = Math.max(end, i + 1);
    }
    return 100 * good / all;
  }

  private static void count(
      Map<String, int[]> counts, String key, boolean more, boolean legible, int size) {
    int[] count = counts.computeIfAbsent(key, k -> new int[4]);
    count[0]++;
    count[1] += more ? 1 : 0;
    count[2] += legible ? 1 : 0;
    count[3] += size;
  }

  private static void print(String title, Map<String, int[]> counts) {
    System.out.println("\n" + title + ": rows, with more forms, legible, sum of sizes");
    counts.forEach(
        (key, c) -> System.out.printf("  %-40s %6d %6d %6d %8d%n", key, c[0], c[1], c[2], c[3]));
  }

  private static InspectionBudget endless() {
    return InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
  }
}
