package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures the recognisers: median time on 4 KB of ordinary text, and how far texts of 1 MiB that
 * were made to be slow go over a budget. A main for people; no argument.
 */
public final class SensitiveBench {
  private static final String PROSE =
      """
      The quarterly review moved to Thursday because two of the auditors are travelling. Please read
      the draft of the report before then; section 4 on supplier risk was rewritten, and the figures
      in table 2 now include March. If the totals (1,548,403 units, up 3.2 %) look wrong, tell Finance.
      def area(width, height): return width * height  # square metres
      Our office hours are 9:00 to 17:30. Order 48213 left the warehouse on 2024-10-12 at 06:01.
      """;

  private SensitiveBench() {}

  public static void main(String[] arguments) {
    SensitiveDetector detector = new SensitiveDetector();
    ordinary(detector, "4 KB of prose", PROSE.repeat(20).substring(0, 4096));
    String contacts =
        "Call Mei on +44 20 7946 0958 or write to mei.tanaka@orchard-labs.com from 81.16.56.92. ";
    ordinary(
        detector,
        "4 KB with 9 findings",
        (contacts.repeat(3) + PROSE.repeat(20)).substring(0, 4096));
    for (Map.Entry<String, String> hostile : hostile().entrySet()) {
      hostile(detector, hostile.getKey(), hostile.getValue());
    }
  }

  private static void ordinary(SensitiveDetector detector, String what, String text) {
    long[] nanos = new long[6000];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      read(detector, text, Long.MAX_VALUE / 2);
      nanos[i] = System.nanoTime() - start;
    }
    long[] warm = Arrays.copyOfRange(nanos, nanos.length / 2, nanos.length);
    Arrays.sort(warm);
    System.out.printf(
        "%-24s p50 %.0f µs  p99 %.0f µs%n",
        what, warm[warm.length / 2] / 1e3, warm[warm.length * 99 / 100] / 1e3);
  }

  /** On the clock of the thread's own work, so that a busy machine does not count. */
  private static void hostile(SensitiveDetector detector, String what, String text) {
    double whole = Double.MAX_VALUE;
    double over = 0;
    for (int i = 0; i < 3; i++) {
      whole = Math.min(whole, over(detector, text, 0, Long.MAX_VALUE / 2));
      over = Math.max(over, over(detector, text, 10, 10_000_000L));
    }
    System.out.printf(
        "%-34s whole %5.0f ms, over a budget of 10 ms by %.1f ms%n", what, whole, over);
  }

  private static double over(SensitiveDetector detector, String text, double less, long budget) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    InspectionBudget until =
        InspectionBudget.until(start + budget, threads::getCurrentThreadCpuTime);
    detector.detect(reading(text), until, finding -> {});
    return (threads.getCurrentThreadCpuTime() - start) / 1e6 - less;
  }

  private static void read(SensitiveDetector detector, String text, long deadline) {
    detector.detect(reading(text), InspectionBudget.until(deadline), finding -> {});
  }

  private static SegmentReading reading(String text) {
    return SegmentReading.asItStands(new Segment(Zone.USER, "user", "", text));
  }

  /** Texts of 1 MiB that were made to be slow. */
  static Map<String, String> hostile() {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String unit :
        new String[] {
          "7",
          "@",
          "a@",
          "a@b.co ",
          "a.",
          ":",
          "1:",
          "1 ",
          "12 ",
          "123-45-6789 ",
          "4 4-4.4/",
          "(1) ",
          "+49 89 1234567 ",
          "tel 07911 123456 ",
          "tel 1 2 3 4 5 6 7 8 9 ",
          "Aa0/",
          "0123456789abcdef",
          "eyJ",
          "eyJhbGciOiJIUzI1NiJ9.",
          "-----BEGIN RSA PRIVATE KEY-----\n",
          "-----",
          "://a:b@",
          "password=",
          "password: ",
          "token ",
          "token=)))",
          "api_key=\"",
          "sk-",
          "ghp_",
          "xoxb-1-",
          "AKIA",
          "password is ",
          "iban DE89 ",
          "DE89 3704 0044 0532 0130 0",
          "passport no no no no no ",
          "Authorization: Basic ",
          "secret=\\\"",
          "otpauth://",
          "curl -u ",
          "$argon2id$v=1$m=1,t=1,p=1$",
          "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ",
          "0x",
          "é",
          "😀",
          "密码：",
          "\\u0041",
          "<password>"
        }) {
      texts.put(
          unit.strip().isEmpty() ? "blank" : unit.strip(), unit.repeat((1 << 20) / unit.length()));
    }
    return texts;
  }
}
