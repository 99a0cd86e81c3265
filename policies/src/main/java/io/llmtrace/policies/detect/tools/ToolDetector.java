package io.llmtrace.policies.detect.tools;

import com.google.re2j.Matcher;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.ExchangeDetector;
import io.llmtrace.policies.detect.ExchangeReading;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Reads the definitions of the tools of an exchange, and what an MCP server says of itself.
 * Thread-safe as far as its {@link ToolMemory} is. Free where an exchange offers no tools.
 */
public final class ToolDetector implements ExchangeDetector {
  /** The stage's name. */
  public static final String NAME = "tools";

  private static final double POISON = 0.8;
  private static final double SUSPICION = 0.6;

  /** Over all strings of a tool together: each parameter adds a little to it. */
  private static final double SUSPICION_IN_ALL = 1.2;

  private static final int WINDOW = 16 * 1024;
  private static final int OVERLAP = 512;

  private final ToolMemory memory;
  private final CleanDefinitions clean = new CleanDefinitions();

  public ToolDetector(ToolMemory memory) {
    this.memory = memory;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(ExchangeReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    for (SegmentReading part : reading.segments()) {
      Segment segment = part.segment();
      if (segment.zone() == Zone.METADATA && segment.role().equals("server")) {
        poison(List.of(part), budget, sink);
      }
    }
    List<ToolDefinition> tools = ToolDefinition.among(reading.segments());
    Set<String> names = new HashSet<>();
    for (ToolDefinition tool : tools) {
      if (budget.spent()) {
        return;
      }
      String text = tool.exactDigest();
      if (!clean.contains(text) && poison(tool.parts(), budget, sink) && !budget.spent()) {
        clean.add(text);
      }
      // A name that is there twice is no change but a shadow.
      if (!tool.name().isEmpty() && names.add(tool.name())) {
        changed(reading.scope(), tool, sink);
      }
    }
    ToolNames.detect(tools, budget, sink);
  }

  // ---- poisoned ----------------------------------------------------------------------------

  /** Where a signal was seen. */
  private record Hit(SegmentReading part, TextView view, int from, int to) {}

  /** Whether nothing was found. */
  private static boolean poison(
      List<SegmentReading> parts, InspectionBudget budget, Consumer<Finding> sink) {
    Map<PoisonSignal, Hit> all = new EnumMap<>(PoisonSignal.class);
    double worst = 0;
    Map<PoisonSignal, Hit> worstHits = all;
    for (SegmentReading part : parts) {
      if (budget.spent()) {
        break;
      }
      Map<PoisonSignal, Hit> hits = signals(part, budget);
      double sum = sum(hits);
      if (sum > worst) {
        worst = sum;
        worstHits = hits;
      }
      hits.forEach(all::putIfAbsent);
    }
    boolean inAll = worst < SUSPICION && sum(all) >= SUSPICION_IN_ALL;
    if (worst < SUSPICION && !inAll) {
      return true;
    }
    Map<PoisonSignal, Hit> hits = inAll ? all : worstHits;
    double score = inAll ? SUSPICION : worst;
    PoisonSignal strongest = strongest(hits);
    Hit hit = hits.get(strongest);
    if (hit != null) {
      Severity severity = score >= POISON ? Severity.HIGH : Severity.MEDIUM;
      double confidence = Math.min(0.95, 0.5 + 0.4 * score);
      String shown = hit.view().text().substring(hit.from(), Math.min(hit.to(), hit.from() + 200));
      sink.accept(
          hit.part()
              .finding(
                  FindingType.MCP_TOOL_POISONING,
                  severity,
                  confidence,
                  hit.view(),
                  hit.from(),
                  hit.to(),
                  NAME,
                  "poisoned-" + Letters.lower(strongest.name()),
                  Evidence.phrase(shown)));
    }
    return false;
  }

  private static double sum(Map<PoisonSignal, Hit> hits) {
    double sum = hits.keySet().stream().mapToDouble(s -> s.weight).sum();
    // A key file and the word for what is in it are one thing.
    boolean twice =
        hits.containsKey(PoisonSignal.SECRET_FILE)
            && hits.containsKey(PoisonSignal.SECRET_KNOWLEDGE);
    return twice ? sum - PoisonSignal.SECRET_KNOWLEDGE.weight : sum;
  }

  private static PoisonSignal strongest(Map<PoisonSignal, Hit> hits) {
    PoisonSignal strongest = PoisonSignal.TAG;
    double weight = 0;
    for (PoisonSignal signal : hits.keySet()) {
      if (signal.weight > weight) {
        weight = signal.weight;
        strongest = signal;
      }
    }
    return strongest;
  }

  private static Map<PoisonSignal, Hit> signals(SegmentReading part, InspectionBudget budget) {
    Map<PoisonSignal, Hit> hits = new EnumMap<>(PoisonSignal.class);
    String original = part.segment().text();
    TextView first = part.views().get(0);
    int invisible = HiddenText.invisible(original);
    if (invisible >= 0) {
      hits.put(PoisonSignal.INVISIBLE, new Hit(part, first, invisible, invisible + 1));
    }
    int far = HiddenText.farAway(original);
    if (far >= 0) {
      hits.put(
          PoisonSignal.FAR_AWAY, new Hit(part, first, far, Math.min(original.length(), far + 80)));
    }
    for (TextView view : part.views()) {
      String text = view.text();
      for (int from = 0; from < text.length() && !budget.spent(); from += WINDOW - OVERLAP) {
        int to = Math.min(text.length(), from + WINDOW);
        window(part, view, from, text.substring(from, to), budget, hits);
        if (to == text.length()) {
          break;
        }
      }
    }
    return hits;
  }

  private static void window(
      SegmentReading part,
      TextView view,
      int offset,
      String text,
      InspectionBudget budget,
      Map<PoisonSignal, Hit> hits) {
    String lower = Letters.lower(text);
    for (PoisonSignal signal : PoisonSignal.values()) {
      if (hits.containsKey(signal) || !signal.mayMatch(lower) || budget.spent()) {
        continue;
      }
      Matcher matcher = signal.pattern.matcher(text);
      if (matcher.find()) {
        hits.put(signal, new Hit(part, view, offset + matcher.start(), offset + matcher.end()));
      }
    }
  }

  // ---- changed -----------------------------------------------------------------------------

  private void changed(String scope, ToolDefinition tool, Consumer<Finding> sink) {
    String digest = tool.digest();
    memory
        .see(scope, tool.name(), digest)
        .ifPresent(
            before ->
                sink.accept(
                    whole(
                        tool.description(),
                        FindingType.MCP_TOOL_POISONING,
                        Severity.MEDIUM,
                        0.6,
                        "changed",
                        "definition changed since " + before + ", now " + digest)));
  }

  /** A finding on the whole of a string. */
  static Finding whole(
      SegmentReading part,
      FindingType type,
      Severity severity,
      double confidence,
      String rule,
      String evidence) {
    TextView view = part.views().get(0);
    return part.finding(
        type, severity, confidence, view, 0, view.text().length(), NAME, rule, evidence);
  }
}
