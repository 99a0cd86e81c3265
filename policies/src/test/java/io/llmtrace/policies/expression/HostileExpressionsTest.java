package io.llmtrace.policies.expression;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever somebody writes is refused or evaluated within a second and 64 MB. */
class HostileExpressionsTest {
  private static final long MOST_NANOS = 1_000_000_000L;
  private static final long MOST_BYTES = 64L << 20;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final List<Finding> MANY_FINDINGS =
      Collections.nCopies(
          5_000,
          TestFacts.finding(FindingType.JAILBREAK, Severity.HIGH, 0.9, Zone.USER, "r".repeat(60)));

  private static final Facts LARGE = large();

  private static Facts large() {
    TestFacts chat = TestFacts.chat();
    Map<String, String> headers = new LinkedHashMap<>(chat.headers());
    headers.put("x-big", "a".repeat(60_000));
    return new TestFacts(
        chat.tenant(),
        chat.consumer(),
        chat.agent(),
        chat.route(),
        chat.provider(),
        chat.model(),
        chat.dialect(),
        chat.method(),
        "/" + "a".repeat(8_000),
        chat.stream(),
        Collections.nCopies(20_000, "t".repeat(64)),
        headers,
        chat.zones(),
        chat.segments(),
        chat.bytes(),
        chat.maxTokens(),
        chat.uninspectedParts(),
        chat.coverage(),
        chat.at());
  }

  static Stream<Arguments> hostile() {
    Map<String, String> hostile = new LinkedHashMap<>();
    hostile.put("10,000 parentheses", "(".repeat(10_000) + "true" + ")".repeat(10_000));
    hostile.put("3,900 parentheses", "(".repeat(3_900) + "true" + ")".repeat(3_900));
    hostile.put("3,900 open parentheses", "(".repeat(3_900));
    hostile.put("open brackets", "[".repeat(7_000));
    hostile.put("open braces", "{".repeat(7_000));
    hostile.put("a megabyte", "stream || ".repeat(100_000) + "true");
    hostile.put("many alternatives", "stream || ".repeat(700) + "true");
    hostile.put("too many alternatives", "!stream||".repeat(880) + "true");
    hostile.put("deep choices", "stream ? true : ".repeat(450) + "false");
    hostile.put("choices in choices", "(stream ? ".repeat(300) + "true" + " : false)".repeat(300));
    hostile.put("signs", "!".repeat(7_990) + "true");
    hostile.put("minus signs", "-".repeat(7_980) + "1 == 1");
    hostile.put("a long sum", "1 + ".repeat(1_900) + "1 == 1");
    hostile.put("a long product of comparisons", "1 == 1 == ".repeat(700) + "true");
    hostile.put("fields", "model" + ".a".repeat(3_900));
    hostile.put("calls", "size(".repeat(1_500) + "model" + ")".repeat(1_500) + " == 1");
    hostile.put("indexes", "tools" + "[0]".repeat(2_600) + " == 'a'");
    hostile.put("junk", "<<>>%%$$##@@!!((".repeat(480));
    hostile.put("open quotes", "'\"".repeat(3_900));
    hostile.put("one text", "model == '" + "a".repeat(7_900) + "'");
    hostile.put("escapes", "model == '" + "\\u0041".repeat(1_300) + "'");
    hostile.put("a list", "segments in [" + "1,".repeat(1_400) + "1]");
    hostile.put("a longer list", "segments in [" + "1,".repeat(3_900) + "1]");
    hostile.put("regex repetitions", "path.matches('((((a{99}){99}){99}){99}){99}')");
    hostile.put("regex repetitions in quotes", "path.matches(r'\\Q[\\E((a{999}){999}){999}]')");
    hostile.put("regex repetitions after a class", "path.matches('[]](((a{999}){999}){999})')");
    hostile.put("regex named class", "path.matches('[[:](((a{999}){999}){999})')");
    hostile.put("regex large", "path.matches('(a?){450}a{450}')");
    hostile.put("regex stars", "headers['x-big'].matches('(((a*)*)*)*b')");
    hostile.put("regex groups", "path.matches('" + "(".repeat(990) + "a')");
    hostile.put(
        "regex over tools", "tools.exists(t, t.matches('(t?t?t?t?t?t?t?t?){20}x') || t == '')");
    hostile.put("find in large", "headers['x-big'].contains('" + "a".repeat(3_000) + "b')");
    hostile.put("large over tools", "tools.exists(t, headers['x-big'].contains('ab'))");
    hostile.put(
        "doubled texts", "tools.map(t, " + "headers['x-big'] + ".repeat(40) + "t).size() > 0");
    hostile.put(
        "doubled texts in findings",
        "findings.map(f, headers['x-big'] + f.rule + headers['x-big']).size() > 0");
    hostile.put("tools in tools", "tools.exists(t, tools.exists(u, t != u))");
    hostile.put("findings in findings", "findings.all(f, findings.all(g, f.rule == g.rule))");
    hostile.put("three loops", "zones.all(a, zones.all(b, zones.all(c, zones.all(d, a == d))))");
    hostile.put("findings in zones", "zones.all(z, findings.all(f, f.zone != z || f.rule != ''))");
    hostile.put(
        "zones in findings", "findings.all(f, zones.exists(z, z == f.zone && f.rule != z))");
    hostile.put("has in loops", "findings.all(f, f.rule in tools)");
    hostile.put(
        "lists of lists",
        "findings.map(f, f.rule) == findings.map(f, f.rule) && tools.map(t, t) == tools");
    hostile.put("map of map", "tools" + ".map(t, t + t)".repeat(12) + ".size() > 0");
    hostile.put("exists in ranges", "tools" + ".filter(t, t != '')".repeat(30) + ".size() > 0");
    return hostile.entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
  }

  /** What is measured is the expression, not the loading of ANTLR's tables. */
  @BeforeAll
  static void warm() throws Exception {
    Program.link(Expressions.compile("findings.exists(f, f.rule.matches('a') && model != '')"))
        .holds(new Scope(LARGE, MANY_FINDINGS));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostile")
  void is_refused_or_evaluated_in_bounded_time_and_memory(String name, String cel) {
    long thread = Thread.currentThread().getId();
    long bytes = THREADS.getThreadAllocatedBytes(thread);
    long time = THREADS.getThreadCpuTime(thread);

    String result;
    try {
      Program program = Program.link(Expressions.compile(cel));
      result = program.evaluate(new Scope(LARGE, MANY_FINDINGS)).toString();
    } catch (ExpressionException e) {
      assertThat(e.problems()).isNotEmpty();
      assertThat(e.problems().get(0).message()).hasSizeLessThan(500);
      result = "refused: " + e.problems().get(0).message();
    }

    assertThat(THREADS.getThreadCpuTime(thread) - time).as(result).isLessThan(MOST_NANOS);
    assertThat(THREADS.getThreadAllocatedBytes(thread) - bytes).as(result).isLessThan(MOST_BYTES);
  }
}
