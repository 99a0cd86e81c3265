package io.llmtrace.policies.language;

import io.llmtrace.policies.expression.Expression;
import io.llmtrace.policies.expression.ExpressionException;
import io.llmtrace.policies.expression.Expressions;
import io.llmtrace.policies.yaml.Given;
import io.llmtrace.policies.yaml.Problems;
import io.llmtrace.policies.yaml.ScalarPlaces;
import io.llmtrace.policies.yaml.YamlProblem;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * The conditions of a file: each text is compiled once, and what is wrong with it is told at its
 * place in the file. Used for one file.
 */
final class Conditions {
  private final Problems problems;
  private final ScalarPlaces places;
  private final Map<String, Optional<Expression>> compiled = new HashMap<>();
  private int characters;

  Conditions(String file, Problems problems) {
    this.problems = problems;
    this.places = new ScalarPlaces(file);
  }

  /** Compiles a condition, if there is one. */
  void check(Optional<Given.Scalar> given) {
    given.ifPresent(
        when -> {
          // A text that was refused before is refused again at its other place.
          if (!problems.full() && compiled.getOrDefault(when.text(), Optional.empty()).isEmpty()) {
            compiled.put(when.text(), compile(when));
          }
        });
  }

  private Optional<Expression> compile(Given.Scalar when) {
    int before = characters;
    characters += when.text().length();
    if (characters > PolicyLimits.LONGEST_CONDITIONS) {
      if (before <= PolicyLimits.LONGEST_CONDITIONS) {
        problems.add(
            when.problem(
                "all conditions up to here have more than "
                    + PolicyLimits.LONGEST_CONDITIONS
                    + " characters",
                "use the same text where the same is meant"));
      }
      return Optional.empty();
    }
    try {
      return Optional.of(Expressions.compile(when.text()));
    } catch (ExpressionException e) {
      e.problems().forEach(problem -> problems.add(placed(when, problem)));
      return Optional.empty();
    }
  }

  private YamlProblem placed(Given.Scalar when, ExpressionException.Problem problem) {
    ScalarPlaces.Place place =
        places.at((ScalarNode) when.node(), problem.line(), problem.column());
    return new YamlProblem(
        place.line(), place.column(), when.path(), problem.message(), problem.suggestion());
  }

  /** A condition that was checked. */
  Rule.Condition condition(Given.Scalar when) {
    return new Rule.Condition(
        when.text(), compiled.getOrDefault(when.text(), Optional.empty()).orElseThrow());
  }
}
