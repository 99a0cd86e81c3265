package io.llmtrace.policies.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.llmtrace.policies.json.WireJson;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Conditions with what they come to: T holds, F does not, E cannot be evaluated. */
class ExpressionTableTest {
  private static final String TABLE =
      """
      T true
      F false
      T !false
      T tenant == 'acme'
      F tenant != 'acme'
      T 'acme' == tenant
      T consumer.startsWith('web-')
      F consumer.endsWith('web-')
      T model.contains('4o')
      F model.contains('claude')
      T agent == ''
      T route in ['chat', 'search']
      F route in ['search', 'chat2']
      T !(provider in ['azure', 'bedrock'])
      T dialect == 'openai_chat' && method == 'POST'
      F dialect == 'openai_chat' && method == 'GET'
      T dialect == 'anthropic' || method == 'POST'
      T path.matches('^/v1/(chat|responses)')
      F path.matches('^/v2/')
      T path.matches('completions$')
      T model.matches('(?i)GPT-4O')
      T stream
      F !stream
      T stream == true
      T stream != false
      T size(tools) == 3
      T tools.size() > 2
      T 'search' in tools
      F 'shell' in tools
      T tools[0] == 'search'
      F tools[1] == 'search'
      E tools[3] == 'search'
      E tools[-1] == 'search'
      T tools.exists(t, t.startsWith('admin_'))
      F tools.all(t, t.startsWith('admin_'))
      T tools.all(t, size(t) > 5)
      T tools.exists_one(t, t.startsWith('admin_'))
      F tools.exists_one(t, t.contains('e'))
      T tools.filter(t, t.contains('e')).size() == 3
      T size(tools.filter(t, t.startsWith('s'))) == 1
      T tools.map(t, size(t)) == [6, 7, 11]
      T tools.map(t, t.startsWith('w'), t + '!') == ['weather!']
      T 7 in tools.map(t, size(t))
      F 8 in tools.map(t, size(t))
      T tools.map(t, t.startsWith('a')) == [false, false, true]
      T tools == ['search', 'weather', 'admin_reset']
      F tools != ['search', 'weather', 'admin_reset']
      F tools == ['search']
      T tools.filter(t, t.size() == 7)[0] == 'weather'
      E tools.filter(t, t.size() == 8)[0] == 'weather'
      T headers['x-app'] == 'web'
      F headers['x-app'] == 'mobile'
      E headers['x-none'] == 'web'
      E headers['x-none'] != 'web'
      T headers.accept == '*/*'
      T has(headers.accept)
      F has(headers.none)
      T 'x-app' in headers
      F 'x-none' in headers
      F 'x-none' in headers && headers['x-none'] == 'web'
      T !('x-none' in headers) || headers['x-none'] == 'web'
      F headers['x-none'] == 'web' && false
      T headers['x-none'] == 'web' || true
      E headers['x-none'] == 'web' && true
      E headers['x-none'] == 'web' || false
      E !(headers['x-none'] == 'web')
      T size(headers) == 4
      T int(headers['x-priority']) > 3
      E int(headers['x-app']) > 3
      T double(headers['x-priority']) == 7.0
      E double(headers['x-app']) == 7.0
      T headers['x-' + 'app'] == 'web'
      T size(headers['x-word']) == 5
      T 'user' in zones
      F 'document' in zones
      T zones == ['system', 'user']
      T zones[1] == 'user'
      T size(zones) == 2
      T zones.exists(z, z == 'user')
      T zones.all(z, z != 'document')
      T segments == 3
      T segments + 1 == 4 && segments - 1 == 2 && segments * 2 == 6
      T segments / 2 == 1 && segments % 2 == 1
      T -segments == -3 && -(-segments) == 3
      T bytes > 2000 && bytes >= 2048 && bytes <= 2048 && bytes < 3000
      E bytes / (segments - 3) == 1
      E bytes % (segments - 3) == 1
      T segments == 3 || bytes / (segments - 3) == 1
      F segments == 4 && bytes / (segments - 3) == 1
      E bytes + 9223372036854775807 > 0
      E bytes * 9223372036854775807 > 0
      E -9223372036854775808 - bytes < 0
      E -(-9223372036854775808 + bytes - bytes) > 0
      E (-9223372036854775808 + bytes - bytes) / -1 > 0
      T max_tokens < 0
      T max_tokens == -1
      T uninspected_parts == 0
      T coverage == 'inspected'
      F coverage in ['partial', 'uninspected']
      T now > timestamp('2026-11-27T18:00:00Z')
      F now > timestamp('2026-11-27T19:00:00+00:00')
      T now < timestamp('2026-11-27T20:30:15.251+02:00')
      T now == timestamp('2026-11-27T18:30:15.250Z')
      T now - timestamp('2026-11-27T18:00:00Z') > duration('30m')
      F now - timestamp('2026-11-27T18:00:00Z') > duration('1h')
      T now + duration('1h30m') > timestamp('2026-11-27T20:00:00Z')
      T duration('1h') + now == now + duration('60m')
      T now - duration('15.25s') == timestamp('2026-11-27T18:30:00Z')
      T duration('90m') == duration('1h') + duration('30m')
      T duration('90m') - duration('1h') == duration('1800s')
      E now + duration('87600000h') > now
      T now.getHours() == 18
      T now.getHours('Europe/Berlin') == 19
      T now.getHours('-08:00') == 10
      T now.getHours('02:00') == 20
      T now.getMinutes() == 30 && now.getSeconds() == 15 && now.getMilliseconds() == 250
      T now.getDayOfWeek() == 5
      T now.getDayOfWeek('Asia/Tokyo') == 6
      T now.getFullYear() == 2026 && now.getMonth() == 10
      T now.getDate() == 27 && now.getDayOfMonth() == 26
      T now.getDayOfYear() == 330
      T now.getHours('Europe/Berlin') in [18, 19, 20]
      T score == 0.95
      T score > 0.9
      T score > 0 && score < 1
      T score >= 0.95 && !(score > 0.95)
      F score > 1
      T score * 2.0 > 1.8 && score / 2.0 < 0.5 && score + 1.0 > 1.9 && score - 1.0 < 0.0
      T -score < 0.0
      T int(score * 100.0) == 95
      T double(segments) == 3.0
      T score / 0.0 > 1000000.0
      F score * 0.0 / 0.0 == score * 0.0 / 0.0
      T score * 0.0 / 0.0 != score * 0.0 / 0.0
      E int(score / 0.0) > 0
      T string(segments) == '3'
      T size(findings) == 3
      T findings.size() > 0
      T findings.exists(f, f.type == 'jailbreak')
      F findings.exists(f, f.type == 'jailbreak' && f.confidence > 0.9)
      T findings.exists(f, f.type == 'prompt_injection' && f.confidence > 0.9)
      T findings.exists(f, f.group == 'leak')
      F findings.exists(f, f.group == 'use')
      T findings.exists(f, f.type in ['jailbreak', 'shell_injection'])
      F findings.exists(f, f.type in ['ssrf_attempt', 'shell_injection'])
      T findings.exists(f, f.type != 'jailbreak')
      T findings.all(f, f.zone in ['user', 'system'])
      T findings.exists(f, f.severity >= high)
      T findings.exists(f, f.severity == critical)
      F findings.all(f, f.severity >= medium)
      T findings.exists_one(f, f.severity > high)
      T findings.filter(f, f.severity >= high).size() == 2
      T findings.filter(f, f.severity >= high).all(f, f.confidence > 0.6)
      T findings.map(f, f.rule) == ['pi-001', 'jb-002', 'email']
      T 'email' in findings.map(f, f.rule)
      T findings.map(f, f.severity) == [3, 4, 1]
      T findings.map(f, f.confidence)[2] == 1.0
      T 0.61 in findings.map(f, f.confidence)
      T findings.exists(f, f.rule.startsWith('pi-') && f.zone == 'user')
      T findings.exists(f, f.detector == 'signatures')
      T findings.exists(f, f.pointer.startsWith('/messages/'))
      T findings.exists(f, f.confidence > 0.5 && zones.exists(z, z == f.zone))
      F findings.exists(f, zones.all(z, z == f.zone))
      T ['user', 'system'].all(z, findings.exists(f, f.zone == z))
      T findings[0].type == 'prompt_injection'
      E findings[3].type == 'prompt_injection'
      T findings.filter(f, f.type == 'jailbreak')[0].confidence == 0.61
      E findings.exists(f, headers['x-none'] == f.rule)
      T findings.exists(f, headers['x-none'] == f.rule || f.severity == critical)
      F findings.all(f, headers['x-none'] == f.rule && f.severity == critical)
      E findings.exists_one(f, headers['x-none'] == f.rule || f.severity == critical)
      T [1, 2, 3].exists(n, n == segments)
      T [1.5, score].exists(n, n < 1.0)
      T [consumer, agent].exists(s, s == '')
      T [tenant, 'b'] == ['acme', 'b']
      T (stream ? 'a' : 'b') == 'a'
      T (stream ? segments : 0) == 3
      T (stream ? score : 0.0) > 0.5
      T stream ? tenant == 'acme' : headers['x-none'] == ''
      E headers['x-none'] == '' ? true : true
      T (segments > 5 ? 'many' : segments > 2 ? 'some' : 'few') == 'some'
      T 'a' < 'b' && 'a' <= 'a' && 'b' > 'a' && 'b' >= 'a' && model > 'gpt-3'
      T 'größe' == headers['x-word']
      T "it's" == 'it\\'s' && r'a\\b' == 'a\\\\b' && '\\u00fc' == 'ü'
      T tenant == 'acme' // and nobody else
      T low < high && info == 0 && critical == 4
      T medium in [2, 3]
      """;

  static Stream<Arguments> table() {
    return TABLE
        .lines()
        .map(
            line ->
                Arguments.of(
                    line.substring(2),
                    switch (line.charAt(0)) {
                      case 'T' -> Outcome.HOLDS;
                      case 'F' -> Outcome.HOLDS_NOT;
                      default -> Outcome.ERROR;
                    }));
  }

  @ParameterizedTest(name = "{0} is {1}")
  @MethodSource("table")
  void comes_to_what_it_should_here_and_in_CELs_own_runtime(String cel, Outcome outcome)
      throws Exception {
    Expression expression = Expressions.compile(cel);
    Scope scope = new Scope(TestFacts.chat(), TestFacts.findings());
    Program program = Program.link(expression);

    assertThat(program.evaluate(scope).outcome()).isEqualTo(outcome);
    assertThat(program.evaluate(scope).error().isEmpty()).isEqualTo(outcome != Outcome.ERROR);
    assertThat(program.holds(scope)).isEqualTo(outcome == Outcome.HOLDS);
    assertThat(scope.failures()).isEqualTo(outcome == Outcome.ERROR ? 1 : 0);
    assertThat(new CelRuntimeOracle(cel).outcome(TestFacts.chat(), TestFacts.findings()))
        .isEqualTo(outcome);
    // As a bundle carries it, and as it is shown.
    String json = WireJson.mapper().writeValueAsString(expression);
    assertThat(WireJson.mapper().readValue(json, Expression.class)).isEqualTo(expression);
    assertThat(Expressions.compile(Printer.print(expression))).isEqualTo(expression);
  }

  @Test
  void only_findings_that_count_are_seen() throws Exception {
    Program program =
        Program.link(Expressions.compile("findings.exists(f, f.type == 'jailbreak')"));
    Program two = Program.link(Expressions.compile("findings.size() == 2 && score == 0.95"));
    int[] which = {0, 2, 1};

    Scope scope = Scope.counting(TestFacts.chat(), TestFacts.findings(), which, 2);

    assertThat(program.holds(scope)).isFalse();
    assertThat(two.holds(scope)).isTrue();
    assertThat(program.holds(Scope.counting(TestFacts.chat(), TestFacts.findings(), which, 3)))
        .isTrue();
  }

  @Test
  void its_parts_say_what_they_saw() throws Exception {
    Program program =
        Program.link(
            Expressions.compile(
                "stream && findings.exists(f, f.type == 'jailbreak' && f.confidence > 0.9)"
                    + " && headers['x-none'] == 'a' || size(path) > bytes"));

    List<Operand> operands = program.operands(new Scope(TestFacts.chat(), TestFacts.findings()));

    assertThat(operands)
        .extracting(Operand::outcome)
        .containsExactly(Outcome.HOLDS, Outcome.HOLDS_NOT, Outcome.ERROR, Outcome.HOLDS_NOT);
    assertThat(operands.get(0).values()).containsExactly(new Operand.Value("stream", "true"));
    // Of the three findings the jailbreak came nearest.
    assertThat(operands.get(1).parts())
        .extracting(Operand::text, Operand::outcome, Operand::values)
        .containsExactly(
            tuple(
                "f.type == 'jailbreak'",
                Outcome.HOLDS,
                List.of(new Operand.Value("f.type", "jailbreak"))),
            tuple(
                "f.confidence > 0.9",
                Outcome.HOLDS_NOT,
                List.of(new Operand.Value("f.confidence", "0.61"))));
    assertThat(operands.get(2).error()).isEqualTo("there is no header 'x-none'");
    assertThat(operands.get(3).values())
        .containsExactly(
            new Operand.Value("path", "/v1/chat/completions"), new Operand.Value("bytes", "2048"));
  }

  @Test
  void what_is_not_known_passes_through_unless_it_is_not_asked_for() throws Exception {
    Scope past = new Scope(UnknownHeaders.of(TestFacts.chat()), List.of());
    Program asked = Program.link(Expressions.compile("headers['x-app'] == 'web' && !stream"));
    Program decided = Program.link(Expressions.compile("stream || headers['x-app'] == 'web'"));

    assertThatThrownBy(() -> asked.holds(past))
        .isInstanceOfSatisfying(
            UnknownFactException.class, e -> assertThat(e.fact()).isEqualTo("headers"));
    assertThat(decided.holds(past)).isTrue();
  }

  @Test
  void many_threads_may_use_a_program() throws Exception {
    Program program =
        Program.link(
            Expressions.compile("findings.filter(f, zones.exists(z, z == f.zone)).size() == 3"));
    List<Thread> threads = new ArrayList<>();
    List<Boolean> results = java.util.Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 4; i++) {
      threads.add(
          new Thread(
              () -> {
                Scope scope = new Scope(TestFacts.chat(), TestFacts.findings());
                boolean all = true;
                for (int j = 0; j < 2_000; j++) {
                  all &= program.holds(scope);
                }
                results.add(all);
              }));
    }
    threads.forEach(Thread::start);
    for (Thread each : threads) {
      each.join();
    }
    assertThat(results).containsExactly(true, true, true, true);
  }

  /** Facts of the past, without headers. */
  private static final class UnknownHeaders {
    static Facts of(Facts facts) {
      return (Facts)
          Proxy.newProxyInstance(
              Facts.class.getClassLoader(),
              new Class<?>[] {Facts.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("headers")) {
                  throw new UnknownFactException("headers");
                }
                return method.invoke(facts, arguments);
              });
    }
  }
}
