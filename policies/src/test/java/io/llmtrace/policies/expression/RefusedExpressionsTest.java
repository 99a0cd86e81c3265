package io.llmtrace.policies.expression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong is said with its place, in plain words, and with what would be right. */
class RefusedExpressionsTest {
  /** Condition, place, a part of the message, a part of the suggestion. */
  private static final String TABLE =
      """
      consumr == 'x' ¦ 1:1 ¦ no variable 'consumr' ¦ did you mean 'consumer'?
      zzzzzz == 'x' ¦ 1:1 ¦ no variable 'zzzzzz' ¦ there are: tenant, consumer
      confidence > 0.5 ¦ 1:1 ¦ 'confidence' is of a finding ¦ findings.exists(f, f.confidence
      findings.exists(f, f.typ == 'x') ¦ 1:21 ¦ no field 'typ' ¦ did you mean 'type'?
      findings.type == 'x' ¦ 1:9 ¦ list of finding has no fields ¦ list.exists(
      tools.exists(t, t.name == 'x') ¦ 1:18 ¦ a string has no fields ¦ functions are called
      model.startWith('a') ¦ 1:7 ¦ no function 'startWith' ¦ did you mean 'startsWith'?
      lowercase(model) == 'a' ¦ 1:1 ¦ no function 'lowercase' ¦ there are: size, contains
      findings.exists(f.type == 'x') ¦ 1:10 ¦ 'exists' is called otherwise ¦ list.exists(each, condition)
      model ¦ 1:1 ¦ this is a string ¦ model == 'gpt-4o'
      'x' ¦ 1:1 ¦ this is a string ¦ model == 'gpt-4o'
      tools ¦ 1:1 ¦ this is a list of string ¦ size(list) > 0
      model = 'x' ¦ 1:7 ¦ '=' compares nothing ¦ write ==
      model === 'x' ¦ 1:7 ¦ '===' is written otherwise ¦ write ==
      model <> 'x' ¦ 1:7 ¦ '<>' is written otherwise ¦ write !=
      model =~ 'x' ¦ 1:7 ¦ '=~' is written otherwise ¦ matches
      stream and stream ¦ 1:8 ¦ 'and' is written otherwise ¦ write &&
      stream OR stream ¦ 1:8 ¦ 'OR' is written otherwise ¦ write ||
      not stream ¦ 1:1 ¦ 'not' is written otherwise ¦ write !
      stream & stream ¦ 1:8 ¦ '&' joins no conditions ¦ write &&
      stream | ¦ 1:8 ¦ '|' joins no conditions ¦ write ||
      model == ‘x’ ¦ 1:10 ¦ is no quotation mark ¦ write '
      if (stream) true ¦ 1:1 ¦ 'if' is a word that CEL keeps ¦ condition ? one : other
      model == 'x ¦ 1:10 ¦ not well written ¦ ends with the quotation mark
      (model == 'x' ¦ 1:14 ¦ ')' is missing ¦
      model == 'x') ¦ 1:13 ¦ ')' is not expected ¦
      model == ¦ 1:9 ¦ ends too early ¦
      model == 'a'; stream ¦ 1:13 ¦ ';' means nothing ¦
      1 + 'a' > 2 ¦ 1:3 ¦ '+' is not for (int, string) ¦ string(number)
      score == 1 ¦ 1:7 ¦ '==' is not for (double, int) ¦ 1.0
      model > 3 ¦ 1:7 ¦ '>' is not for (string, int) ¦ in quotes
      findings.exists(f, f.severity >= 'high') ¦ 1:31 ¦ '>=' is not for (int, string) ¦ without quotes
      tools == 'x' ¦ 1:7 ¦ '==' is not for (list of string, string) ¦ 'name' in list
      model in 'abc' ¦ 1:7 ¦ 'in' is not for (string, string) ¦ contains('part')
      now > '2027-01-01' ¦ 1:5 ¦ '>' is not for (timestamp, string) ¦ timestamp('2027
      now - now > '1h' ¦ 1:11 ¦ '>' is not for (duration, string) ¦ duration('1h30m')
      stream && model ¦ 1:8 ¦ '&&' joins conditions ¦ compare it with something
      !model ¦ 1:1 ¦ '!' joins conditions ¦ compare it with something
      (stream ? true : 'a') == true ¦ 1:9 ¦ '?:' chooses by a condition ¦ of one type
      model.startsWith(1) ¦ 1:17 ¦ 'startsWith' is not for ¦ text.startsWith('start')
      model in ['a', 1] ¦ 1:16 ¦ an int in a list of string ¦
      size([]) == 0 ¦ 1:6 ¦ a list of nothing ¦ size(tools) == 0
      stream.exists(x, x) ¦ 1:1 ¦ a bool is no list ¦ findings, tools, zones
      headers.exists(h, h == 'a') ¦ 1:15 ¦ is not a list to run over ¦
      (stream ? tools : zones).exists(t, true) ¦ 1:32 ¦ runs over findings, tools, zones ¦
      tools.exists(model, model == 'x') ¦ 1:13 ¦ 'model' is a variable already ¦ another name
      has(model) ¦ 1:4 ¦ has() asks whether a header ¦ has(headers.name)
      findings.exists(f, has(f.type)) ¦ 1:23 ¦ has() is for headers ¦ compare the field
      {'a': true}.a ¦ 1:1 ¦ no maps to write out ¦
      1u == 1u ¦ 1:1 ¦ no unsigned numbers ¦ leave out the u
      b'a' == b'a' ¦ 1:1 ¦ no bytes ¦ without the b
      null == null ¦ 1:1 ¦ nothing is ever null ¦ agent == ''
      dyn(1) == 1 ¦ 1:4 ¦ 'dyn' is not among the functions ¦ there are
      findings[0] == findings[1] ¦ 1:13 ¦ '==' is not for finding and finding ¦
      findings[0] in findings ¦ 1:13 ¦ 'in' is not for finding ¦
      findings.map(f, [f.type]).size() > 0 ¦ 1:17 ¦ map() to a list of string ¦ map to a text
      timestamp('tomorrow') < now ¦ 1:11 ¦ 'tomorrow' is no timestamp ¦ timestamp('2027
      timestamp('2027-02-30T00:00:00Z') < now ¦ 1:11 ¦ is no timestamp ¦ timestamp('2027
      timestamp('2027-01-01T00:00:00.0001Z') < now ¦ 1:11 ¦ to the millisecond ¦ timestamp('2027
      timestamp(model) < now ¦ 1:11 ¦ takes a text that is written out ¦ timestamp('2027
      duration('1 day') == duration('1h') ¦ 1:10 ¦ '1 day' is no duration ¦ duration('1h30m')
      now.getHours('Europe/Atlantis') > 3 ¦ 1:14 ¦ 'Europe/Atlantis' is no time zone ¦ 'Europe/Berlin'
      now.getHours(model) > 3 ¦ 1:14 ¦ has to be written out ¦ now.getHours
      model.matches('(a') ¦ 1:15 ¦ not RE2's: missing closing ) ¦ RE2's syntax
      model.matches('(?=a)b') ¦ 1:15 ¦ not RE2's ¦ RE2's syntax
      model.matches('((a{90}){90}){90}') ¦ 1:15 ¦ repetitions written out ¦ RE2's syntax
      model.matches(path) ¦ 1:15 ¦ pattern that is written out ¦ 'pattern'
      findings.exists(f, f.type == 'jailbrake') ¦ 1:30 ¦ finding's type is ever 'jailbrake' ¦ did you mean 'jailbreak'?
      findings.exists(f, f.group in ['attack', 'leaks']) ¦ 1:42 ¦ group is ever 'leaks' ¦ did you mean 'leak'?
      findings.exists(f, f.zone != 'usr') ¦ 1:30 ¦ zone is ever 'usr' ¦ did you mean 'user'?
      'documents' in zones ¦ 1:1 ¦ no zone is ever 'documents' ¦ did you mean 'document'?
      coverage == 'none' ¦ 1:13 ¦ no coverage is ever 'none' ¦ inspected, partial
      method == 'post' ¦ 1:11 ¦ methods are in capitals ¦ did you mean 'POST'?
      headers['X-App'] == 'a' ¦ 1:9 ¦ no 'X-App' ¦ did you mean 'x-app'?
      has(headers.App) ¦ 1:4 ¦ no 'App' ¦ did you mean 'app'?
      tools.exists(t, tools.exists(u, t == u)) ¦ 1:13 ¦ too costly: exists() may run over 1000 ¦ ask less
      findings.exists(f, tools.exists(t, t == f.rule)) ¦ 1:16 ¦ too costly: exists() may run over 5000 ¦ ask less
      zones.exists(a, zones.exists(b, zones.exists(c, a == c))) ¦ 1:45 ¦ nested more than 2 deep ¦ several rules
      """;

  static Stream<Arguments> table() {
    return TABLE
        .lines()
        .map(line -> line.split(" ¦ ?", -1))
        .map(cells -> Arguments.of(cells[0], cells[1].strip(), cells[2].strip(), cells[3].strip()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("table")
  void is_refused(String cel, String place, String message, String suggestion) {
    ExpressionException refused =
        catchThrowableOfType(ExpressionException.class, () -> Expressions.compile(cel));

    assertThat(refused).as("not refused").isNotNull();
    ExpressionException.Problem first = refused.problems().get(0);
    assertThat(first.line() + ":" + first.column() + " " + first.message())
        .startsWith(place + " ")
        .contains(message);
    assertThat(first.suggestion()).contains(suggestion);
    assertThat(refused).hasMessageContaining(message);
  }

  @Test
  void all_that_the_checker_finds_is_said_at_once_in_lines_and_columns() {
    ExpressionException refused =
        catchThrowableOfType(
            ExpressionException.class,
            () ->
                Expressions.compile(
                    "tenant == 'größe' && modl == 'x'\n  || findings.all(f, f.typ == 'x')"));

    assertThat(refused.problems())
        .extracting(each -> List.of(each.line(), each.column()))
        .containsExactly(List.of(1, 22), List.of(2, 23));
  }

  @Test
  void a_tree_that_was_never_checked_is_refused_as_well() {
    Expression model = new Expression.Variable("model");
    Expression nothing = new Expression.Call("&&", List.of());
    Expression deep = new Expression.Variable("stream");
    for (int i = 0; i < 10_000; i++) {
      deep = new Expression.Call("!", List.of(deep));
    }
    Expression loop =
        new Expression.Loop(
            Expression.LoopKind.EXISTS, "t", new Expression.Variable("tools"), null, null);
    Expression number = new Expression.Constant(Expression.Type.INT, "much");

    for (Expression each :
        List.of(
            model,
            nothing,
            deep,
            loop,
            number,
            new Expression.Variable("nobody"),
            new Expression.Call("exec", List.of(model)),
            new Expression.Field(model, "x", false))) {
      assertThatThrownBy(() -> Program.link(each))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("not a condition: ");
    }
  }
}
