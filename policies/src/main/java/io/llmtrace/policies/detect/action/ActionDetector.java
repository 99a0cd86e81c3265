package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.FencedCode;
import io.llmtrace.policies.detect.parse.JsonStrings;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.detect.parse.Views;
import io.llmtrace.policies.detect.parse.WebAddress;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Reads the arguments of tool calls, and the commands in code blocks of answers, for what would do
 * harm when it is done. Thread-safe; keeps nothing of a segment.
 *
 * <p>How bad something is depends on where it stands. A tool for commands or queries is given
 * commands and queries, so only what they do counts; a value that turns out to be one is an attack.
 * In the text of an answer somebody still has to copy it: nothing there is worse than medium.
 */
public final class ActionDetector implements Detector {
  /** The stage's name. */
  public static final String NAME = "action";

  private static final int MOST_FINDINGS = 40;
  private static final int DEEPEST_JSON = 3;
  private static final int MOST_ARGUMENTS = 5000;
  private static final int MOST_LINES_OF_A_COMMAND = 5;
  private static final int WINDOW = 64 * 1024;
  private static final int OVERLAP = 4096;

  private static final Set<String> SHELL_LANGUAGES =
      Set.of(
          "bash",
          "sh",
          "shell",
          "zsh",
          "console",
          "terminal",
          "shell-session",
          "powershell",
          "ps1",
          "pwsh",
          "cmd",
          "bat",
          "batch");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    Zone zone = reading.segment().zone();
    if (zone != Zone.TOOL_CALL && zone != Zone.ASSISTANT) {
      return;
    }
    Report report = new Report(reading, sink);
    for (TextView view : reading.views()) {
      if (budget.spent() || isFull(report, budget)) {
        return;
      }
      if (zone == Zone.TOOL_CALL) {
        arguments(view, report, budget);
      } else if (view.isOriginal()) {
        answer(view, report, budget);
      }
    }
  }

  /** Whether no more findings are taken; what comes is then left out. */
  private static boolean isFull(Report report, InspectionBudget budget) {
    if (report.isFull()) {
      budget.leaveOut();
      return true;
    }
    return false;
  }

  /** Hands findings on, each once: the same text is there in several forms. */
  private static final class Report {
    private final SegmentReading reading;
    private final Consumer<Finding> sink;
    private final Set<String> seen = new HashSet<>();

    Report(SegmentReading reading, Consumer<Finding> sink) {
      this.reading = reading;
      this.sink = sink;
    }

    boolean isFull() {
      return seen.size() >= MOST_FINDINGS;
    }

    void add(TextView view, Danger danger, Severity severity) {
      int length = view.text().length();
      int from = Math.max(0, Math.min(danger.start(), length - 1));
      int to = Math.max(from + 1, Math.min(danger.end(), length));
      String key = danger.rule() + ' ' + view.originalStart(from) + ' ' + view.originalEnd(to - 1);
      if (length == 0 || isFull() || !seen.add(key)) {
        return;
      }
      String shown = view.text().substring(from, Math.min(to, from + 400));
      sink.accept(
          reading.finding(
              danger.type(),
              severity,
              danger.confidence(),
              view,
              from,
              to,
              NAME,
              danger.rule(),
              Evidence.phrase(shown)));
    }
  }

  // ---- answers -----------------------------------------------------------------------------

  private static void answer(TextView view, Report report, InspectionBudget budget) {
    for (FencedCode block : FencedCode.find(view.text())) {
      if (budget.spent()) {
        return;
      }
      boolean shell = SHELL_LANGUAGES.contains(block.language());
      boolean sql = block.language().equals("sql");
      if ((!shell && !sql) || block.start() == block.end()) {
        continue;
      }
      TextView code = block.view(view);
      List<Danger> dangers =
          shell
              ? ShellRules.read(code.text(), budget)
              : SqlQueryRules.inAnswer(code.text(), budget);
      for (Danger danger : dangers) {
        Severity severity =
            danger.severity() == Severity.CRITICAL
                ? MEDIUM
                : danger.severity() == HIGH ? LOW : Severity.INFO;
        if (severity.atLeast(LOW)) {
          report.add(code, danger, severity);
        }
      }
    }
  }

  // ---- arguments ---------------------------------------------------------------------------

  private static void arguments(TextView view, Report report, InspectionBudget budget) {
    Segment segment = report.reading.segment();
    if (JsonStrings.looksLikeJson(view.text())) {
      document(view, 0, report, budget);
    } else if (!segment.pointer().endsWith("/function/name")) {
      argument(name(segment.pointer()), view, report, budget);
    }
  }

  /** The nearest name of a pointer: a number is the place in a list. */
  private static String name(String pointer) {
    int end = pointer.length();
    while (end > 0) {
      int slash = pointer.lastIndexOf('/', end - 1);
      String part = pointer.substring(slash + 1, end);
      if (!part.isEmpty() && !part.chars().allMatch(Character::isDigit)) {
        // The whole of the arguments has no name of its own.
        return part.equals("arguments") || part.equals("input") ? "" : part;
      }
      end = Math.max(0, slash);
    }
    return "";
  }

  private static void document(TextView view, int depth, Report report, InspectionBudget budget) {
    List<JsonStrings.Value> values = JsonStrings.read(view, budget);
    int last = Math.min(values.size(), MOST_ARGUMENTS);
    if (last < values.size()) {
      budget.leaveOut();
    }
    for (int i = 0; i < last && !budget.spent() && !isFull(report, budget); i++) {
      JsonStrings.Value value = values.get(i);
      boolean nested = JsonStrings.looksLikeJson(value.view().text());
      if (nested && depth < DEEPEST_JSON) {
        document(value.view(), depth + 1, report, budget);
        continue;
      }
      boolean command = ArgumentKind.of(value.name()) == ArgumentKind.COMMAND;
      if (command && value.list() >= 0 && isFirstOf(values, i)) {
        words(values, i, report, budget);
      }
      argument(value.name(), value.view(), report, budget);
    }
  }

  private static boolean isFirstOf(List<JsonStrings.Value> values, int i) {
    return i == 0 || values.get(i - 1).list() != values.get(i).list();
  }

  /** {@code ["rm", "-rf", "/"]}: the words of one command. */
  private static void words(
      List<JsonStrings.Value> values, int first, Report report, InspectionBudget budget) {
    StringBuilder line = new StringBuilder();
    int i = first;
    while (i < values.size()
        && values.get(i).list() == values.get(first).list()
        && line.length() < 64 * 1024) {
      line.append('\'').append(values.get(i).view().text().replace("'", "'\\''")).append("' ");
      i++;
    }
    if (i - first < 2) {
      return;
    }
    TextView shown = values.get(first).view();
    for (Danger danger : ShellRules.read(line.toString(), budget)) {
      report.add(shown, danger.at(0, shown.text().length()), danger.severity());
    }
  }

  private static void argument(String name, TextView view, Report report, InspectionBudget budget) {
    String text = view.text();
    if (text.length() < 2) {
      return;
    }
    ArgumentKind kind = ArgumentKind.of(name);
    for (Danger danger : dangers(kind, text, budget)) {
      report.add(view, danger, danger.severity());
    }
    TextView decoded =
        text.length() <= 8192 && kind != ArgumentKind.COMMAND ? Views.percentDecoded(view) : view;
    // A path undoes its own encoding, because that it was encoded is the finding.
    if (decoded != view && kind != ArgumentKind.PATH && kind != ArgumentKind.PROSE) {
      for (Danger danger : dangers(kind, decoded.text(), budget)) {
        report.add(decoded, danger, danger.severity());
      }
    }
  }

  private static List<Danger> dangers(ArgumentKind kind, String text, InspectionBudget budget) {
    List<Danger> dangers = new ArrayList<>();
    switch (kind) {
      case COMMAND -> {
        dangers.addAll(ShellRules.read(text, budget));
        dangers.addAll(UrlRules.inside(text, budget));
      }
      case QUERY -> dangers.addAll(query(text, SqlInjectionRules.Value.PLAIN, budget));
      case SEARCH -> dangers.addAll(query(text, SqlInjectionRules.Value.SEARCH, budget));
      case ADDRESS -> {
        dangers.addAll(UrlRules.address(text));
        WebAddress.parse(text).ifPresent(a -> dangers.addAll(inPath(a, text.length())));
        if (!dangers.stream().anyMatch(d -> d.severity().atLeast(HIGH))) {
          dangers.addAll(shapes(text, budget));
        }
      }
      case HOST -> {
        dangers.addAll(UrlRules.address(text));
        dangers.addAll(shapes(text, budget));
      }
      case PATH -> {
        if (WebAddress.schemeEnd(text, 0) > 0) {
          dangers.addAll(UrlRules.address(text));
        }
        dangers.addAll(PathRules.path(text));
        dangers.addAll(InjectedCommands.find(text, budget));
      }
      case CODE -> code(text, dangers, budget);
      case PROSE -> {}
      case VALUE -> value(text, dangers, budget);
    }
    return dangers;
  }

  private static List<Danger> query(
      String text, SqlInjectionRules.Value otherwise, InspectionBudget budget) {
    return SqlStatements.looksLikeStatement(text, budget)
        ? SqlQueryRules.query(text, budget)
        : SqlInjectionRules.value(text, otherwise, budget);
  }

  private static List<Danger> shapes(String text, InspectionBudget budget) {
    List<Danger> dangers = new ArrayList<>(InjectedCommands.find(text, budget));
    if (dangers.isEmpty()) {
      dangers.addAll(SqlInjectionRules.value(text, SqlInjectionRules.Value.PLAIN, budget));
    }
    return dangers;
  }

  /** A path that climbs inside an address. */
  private static List<Danger> inPath(WebAddress address, int length) {
    List<Danger> dangers = new ArrayList<>();
    if (address.path().contains("..") || Letters.lower(address.path()).contains("%2e%2e")) {
      for (Danger danger : PathRules.path(address.path())) {
        if (danger.severity().atLeast(MEDIUM)) {
          dangers.add(danger.at(0, length));
        }
      }
    }
    for (WebAddress.Parameter parameter : address.parameters()) {
      if (PathRules.looksLikePath(parameter.value())) {
        for (Danger danger : PathRules.path(parameter.value())) {
          if (danger.severity().atLeast(HIGH)) {
            dangers.add(danger.at(0, length));
          }
        }
      }
    }
    return dangers;
  }

  /** A script that is written down is a step from being run; only what no script needs counts. */
  private static void code(String text, List<Danger> out, InspectionBudget budget) {
    boolean script =
        text.startsWith("#!") && text.indexOf("sh", 2) > 0 && text.indexOf("sh", 2) < 40;
    List<Danger> dangers = new ArrayList<>();
    for (int from = 0; from < text.length() && !budget.spent(); from += WINDOW - OVERLAP) {
      int to = Math.min(text.length(), from + WINDOW);
      for (Danger danger : CodeStrings.dangers(text.substring(from, to), budget, 0)) {
        dangers.add(danger.shifted(from));
      }
      if (to == text.length()) {
        break;
      }
    }
    if (script) {
      dangers.addAll(ShellRules.read(text, budget));
    }
    for (Danger danger : dangers) {
      if (danger.severity() == Severity.CRITICAL) {
        out.add(danger);
      } else if (danger.severity() == HIGH) {
        out.add(
            new Danger(
                danger.type(),
                danger.rule(),
                MEDIUM,
                danger.confidence(),
                danger.start(),
                danger.end()));
      }
    }
  }

  private static void value(String text, List<Danger> out, InspectionBudget budget) {
    if (WebAddress.schemeEnd(text, 0) > 0) {
      out.addAll(UrlRules.address(text));
    } else if (PathRules.looksLikePath(text)) {
      PathRules.path(text).stream().filter(d -> d.severity().atLeast(MEDIUM)).forEach(out::add);
    }
    if (SqlStatements.looksLikeStatement(text, budget)) {
      SqlQueryRules.query(text, budget).forEach(out::add);
    }
    // A tool may name its command as it likes: what is as bad as this is no other thing.
    if (text.length() <= WINDOW && !InjectedCommands.hasLines(text, MOST_LINES_OF_A_COMMAND)) {
      ShellRules.read(text, budget).stream()
          .filter(d -> d.severity().atLeast(HIGH))
          .forEach(out::add);
    }
    if (out.isEmpty()) {
      out.addAll(shapes(text, budget));
    }
  }
}
