package io.llmtrace.policies.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.expression.Expressions;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.language.PolicySchema;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.trial.Comparison;
import io.llmtrace.policies.trial.TrialCase;
import io.llmtrace.policies.trial.TrialReader;
import io.llmtrace.policies.trial.TrialSchema;
import io.llmtrace.policies.trial.Trials;
import io.llmtrace.policies.yaml.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** {@code docs/custom-policies.md} says what the code does, and its recipes work. */
class CustomPoliciesDocTest {
  private static final Path DOC = Path.of("..", "docs", "custom-policies.md");
  private static final String HEAD =
      "apiVersion: llmtrace.io/v1\nkind: Policy\nmetadata: {name: recipe}\n";
  private static final Pattern RECIPE = Pattern.compile("(?m)^### (\\d+\\. .*)$");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```yaml\n(.*?)^```$");

  /** A recipe: part of a policy, and its cases. */
  private record Recipe(String title, String policy, String cases) {}

  private static String doc() throws IOException {
    return Files.readString(DOC);
  }

  @Test
  void the_reference_is_the_generated_one() throws IOException {
    String doc = doc();
    String made =
        with(
            with(doc, "policy", Reference.of(PolicySchema.policy())),
            "test",
            Reference.of(TrialSchema.file()));
    Path written = Path.of("target", "custom-policies.md");
    Files.writeString(written, made);
    assertThat(DOC).as("differs from what the code says; see %s", written).hasContent(made);
  }

  private static String with(String doc, String part, String text) {
    String begin = "<!-- reference: " + part + " -->\n";
    int from = doc.indexOf(begin) + begin.length();
    int to = doc.indexOf("<!-- end -->", from);
    assertThat(from).isGreaterThan(begin.length());
    return doc.substring(0, from) + text + doc.substring(to);
  }

  private static List<Recipe> recipes() throws IOException {
    String doc = doc();
    String cookbook = doc.substring(doc.indexOf("## Cookbook"), doc.indexOf("## Bounds"));
    List<Recipe> recipes = new ArrayList<>();
    Matcher titles = RECIPE.matcher(cookbook);
    List<Integer> starts = new ArrayList<>();
    List<String> names = new ArrayList<>();
    while (titles.find()) {
      starts.add(titles.end());
      names.add(titles.group(1));
    }
    for (int i = 0; i < names.size(); i++) {
      int end = i + 1 < names.size() ? starts.get(i + 1) : cookbook.length();
      List<String> blocks =
          BLOCK
              .matcher(cookbook.substring(starts.get(i), end))
              .results()
              .map(block -> block.group(1))
              .toList();
      assertThat(blocks).as(names.get(i)).hasSize(2);
      recipes.add(new Recipe(names.get(i), HEAD + blocks.get(0), blocks.get(1)));
    }
    return recipes;
  }

  @TestFactory
  Stream<DynamicTest> recipes_come_out_as_their_cases_say() throws Exception {
    Trials trials = new Trials(SharedEngine.get(), InstantSource.system());
    List<Recipe> recipes = recipes();
    assertThat(recipes).hasSize(15);
    List<DynamicTest> tests = new ArrayList<>();
    for (Recipe recipe : recipes) {
      var policies = Trials.enforcing(List.of(read(recipe)));
      List<TrialCase> cases = TrialReader.cases(recipe.cases());
      // One that acts, and one that it leaves alone or treats otherwise.
      assertThat(cases.stream().map(each -> each.expected().action()).distinct().count())
          .as(recipe.title())
          .isGreaterThan(1);
      for (TrialCase each : cases) {
        tests.add(
            DynamicTest.dynamicTest(
                recipe.title() + ": " + each.name(),
                () ->
                    assertThat(Comparison.of(each, trials.run(policies, each.sample())))
                        .isEmpty()));
      }
    }
    return tests.stream();
  }

  private static io.llmtrace.policies.language.Policy read(Recipe recipe) {
    try {
      return PolicyReader.read(recipe.policy());
    } catch (PolicyProblemsException e) {
      throw new AssertionError(recipe.title() + "\n" + e.getMessage(), e);
    }
  }

  @Test
  void variables_of_the_table_are_there() throws Exception {
    String doc = doc();
    String table = doc.substring(doc.indexOf("| variable |"), doc.indexOf("Severities are"));
    List<String> names =
        Pattern.compile("(?m)^\\| (`[^|]*) \\|")
            .matcher(table)
            .results()
            .flatMap(row -> Pattern.compile("`([a-z_]+)`").matcher(row.group(1)).results())
            .map(name -> name.group(1))
            .toList();
    assertThat(names).hasSizeGreaterThan(18);
    for (String name : names) {
      String condition =
          switch (name) {
            case "stream" -> name;
            case "tools", "headers", "zones", "findings" -> "size(" + name + ") > 0";
            case "now" -> "now > timestamp('2026-01-01T00:00:00Z')";
            case "segments", "bytes", "max_tokens", "uninspected_parts" -> name + " > 1";
            case "score" -> name + " > 0.5";
            case "method" -> "method == 'POST'";
            case "coverage" -> "coverage == 'partial'";
            default -> name + " == 'a'";
          };
      assertThat(Expressions.compile(condition)).as(name).isNotNull();
    }
  }

  @Test
  void the_first_example_can_be_used() throws Exception {
    Matcher first = BLOCK.matcher(doc());
    assertThat(first.find()).isTrue();
    assertThat(PolicyReader.read(first.group(1)).rules().get(0).action()).isEqualTo(Action.BLOCK);
    assertThat(first.find()).isTrue();
    assertThat(TrialReader.cases(first.group(1))).hasSize(2);
  }
}
