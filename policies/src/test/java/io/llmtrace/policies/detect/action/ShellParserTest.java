package io.llmtrace.policies.detect.action;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Word;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class ShellParserTest {
  @Property(tries = 500)
  void words_in_single_quotes_come_back_as_they_were(
      @ForAll @Size(min = 1, max = 6) List<@StringLength(max = 20) String> words) {
    List<String> quotable = words.stream().map(w -> w.replace("\0", "")).toList();
    String line =
        quotable.stream()
            .map(w -> "'" + w.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));

    Command command = only(line);

    assertThat(command.words()).extracting(Word::text).isEqualTo(quotable);
  }

  @Property(tries = 500)
  void escaped_words_come_back_as_they_were(
      @ForAll @Size(min = 1, max = 6) List<@StringLength(min = 1, max = 20) String> words) {
    List<String> quotable = words.stream().map(w -> w.replace("\n", "n")).toList();
    String line =
        quotable.stream()
            .map(w -> w.chars().mapToObj(c -> "\\" + (char) c).collect(Collectors.joining()))
            .collect(Collectors.joining(" "));

    assertThat(only(line).words()).extracting(Word::text).isEqualTo(quotable);
  }

  @Property(tries = 1000)
  void any_text_is_parsed_and_every_span_lies_within_it(@ForAll String text) {
    for (ShellDialect dialect : ShellDialect.values()) {
      List<Pipeline> pipelines = ShellParser.parse(text, dialect, Readings.unlimited());
      check(pipelines, text.length());
    }
  }

  private static void check(List<Pipeline> pipelines, int length) {
    for (Pipeline pipeline : pipelines) {
      assertThat(pipeline.start()).isBetween(0, pipeline.end());
      assertThat(pipeline.end()).isLessThanOrEqualTo(length);
      for (Command command : pipeline.commands()) {
        assertThat(command.start()).isBetween(0, command.end());
        assertThat(command.end()).isLessThanOrEqualTo(length);
        for (Word word : command.words()) {
          assertThat(word.start()).isBetween(0, word.end());
          assertThat(word.end()).isLessThanOrEqualTo(length);
          check(word.inner(), length);
        }
      }
    }
  }

  @Test
  void splits_lists_and_pipes() {
    assertThat(shape("a 1; b && c || d & e | f |& g\nh"))
        .isEqualTo("[a 1] [b] [c] [d] [e | f | g] [h]");
  }

  @Test
  void knows_what_a_substitution_holds() {
    Word word = only("echo \"x $(a | b) y\" `c`").words().get(1);
    assertThat(word.text()).isEqualTo("x $(a | b) y");
    assertThat(shape(word.inner())).isEqualTo("[a | b]");
    assertThat(shape(only("echo `c 1`").words().get(1).inner())).isEqualTo("[c 1]");
    assertThat(shape(only("sh <(c 1)").words().get(1).inner())).isEqualTo("[c 1]");
  }

  @Test
  void reads_redirections_and_here_documents() {
    Command command = only("cmd 2>&1 >> out.txt < in.txt");
    assertThat(command.words()).extracting(Word::text).containsExactly("cmd");
    assertThat(command.redirects())
        .extracting(r -> r.operator() + " " + r.target().text())
        .containsExactly(">& 1", ">> out.txt", "< in.txt");

    List<Pipeline> pipelines = parse("cat <<'E' | sh\nline one\nE\nnext");
    assertThat(shape(pipelines)).isEqualTo("[cat | sh] [next]");
    assertThat(pipelines.get(0).commands().get(0).redirects().get(0).target().text())
        .isEqualTo("line one\n");
  }

  @Test
  void undoes_what_hides_a_word() {
    assertThat(shape("c''at /e\"t\"c/pass\\wd")).isEqualTo("[cat /etc/passwd]");
    assertThat(shape("$'\\x63at' x")).isEqualTo("[cat x]");
    assertThat(shape("cat${IFS}x$IFS'y'")).isEqualTo("[cat x y]");
    assertThat(shape("{cat,a,b}")).isEqualTo("[cat a b]");
  }

  @Test
  void keeps_a_backslash_that_belongs_to_a_windows_path() {
    assertThat(shape("type C:\\Users\\bo\\a.txt")).isEqualTo("[type C:\\Users\\bo\\a.txt]");
    assertThat(shape("cmd /c p^ing x")).isEqualTo("[cmd /c ping x]");
  }

  @Test
  void nesting_is_bounded_and_not_lost() {
    String deep = "$(".repeat(5000) + "id" + ")".repeat(5000);
    assertThat(parse(deep)).isNotEmpty();
    assertThat(parse("(".repeat(100_000))).isNotNull();
    assertThat(parse("`".repeat(100_001))).isNotNull();
  }

  private static List<Pipeline> parse(String text) {
    return ShellParser.parse(text, Readings.unlimited());
  }

  private static Command only(String text) {
    List<Pipeline> pipelines = ShellParser.parse(text, ShellDialect.POSIX, Readings.unlimited());
    assertThat(pipelines).hasSize(1);
    assertThat(pipelines.get(0).commands()).hasSize(1);
    return pipelines.get(0).commands().get(0);
  }

  private static String shape(String text) {
    return shape(parse(text));
  }

  private static String shape(List<Pipeline> pipelines) {
    return pipelines.stream()
        .map(
            p ->
                p.commands().stream()
                    .map(c -> c.words().stream().map(Word::text).collect(Collectors.joining(" ")))
                    .collect(Collectors.joining(" | ", "[", "]")))
        .collect(Collectors.joining(" "));
  }
}
