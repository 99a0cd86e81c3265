package io.llmtrace.policies.detect.action;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.FencedCode;
import io.llmtrace.policies.detect.parse.Host;
import io.llmtrace.policies.detect.parse.JsonStrings;
import io.llmtrace.policies.detect.parse.Views;
import io.llmtrace.policies.detect.parse.WebAddress;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;

/** Fuzzed with {@code JAZZER_FUZZ=1 mvn test -pl policies -Dtest=ActionFuzzTest#method}. */
class ActionFuzzTest {
  private static final List<String> NAMES =
      List.of("command", "sql", "query", "url", "host", "path", "code", "x", "arguments");

  @FuzzTest(maxDuration = "10m")
  void arguments_are_read_without_failing(FuzzedDataProvider data) {
    String name = data.pickValue(NAMES);
    Zone zone = data.consumeBoolean() ? Zone.TOOL_CALL : Zone.ASSISTANT;
    String text = data.consumeRemainingAsString();
    Readings.detect(new ActionDetector(), zone, "/input/" + name, text);
  }

  @FuzzTest(maxDuration = "10m")
  void parsers_read_anything(FuzzedDataProvider data) {
    String text = data.consumeRemainingAsString();
    ShellParser.parse(text, ShellDialect.POSIX, Readings.unlimited());
    ShellParser.parse(text, ShellDialect.WINDOWS, Readings.unlimited());
    SqlLexer.read(text, 0, Readings.unlimited());
    Host.of(text);
    WebAddress.parse(text).ifPresent(WebAddress::parameters);
    FencedCode.find(text);
    TextView view = TextView.original(text);
    Views.percentDecoded(view);
    JsonStrings.read(view, Readings.unlimited());
  }
}
