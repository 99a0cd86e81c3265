package io.llmtrace.policies.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

class ScalarPlacesTest {
  /** The character of the file at which a word of the value of the last key stands. */
  private static String found(String yaml, String word) {
    MappingNode root =
        (MappingNode)
            LocatedYaml.compose(
                    yaml,
                    LocatedYaml.Bounds.NONE,
                    (line, column, message) -> {
                      throw new AssertionError(message);
                    })
                .orElseThrow();
    ScalarNode value = (ScalarNode) root.getValue().get(root.getValue().size() - 1).getValueNode();
    int at = value.getValue().indexOf(word);
    int line = (int) value.getValue().substring(0, at).chars().filter(c -> c == '\n').count() + 1;
    int column = at - value.getValue().lastIndexOf('\n', at);
    ScalarPlaces.Place place = new ScalarPlaces(yaml).at(value, line, column);
    return yaml.split("\n", -1)[place.line() - 1].substring(place.column() - 1);
  }

  @Test
  void plain() {
    assertThat(found("a: 1\nwhen: x && wrong\n", "wrong")).isEqualTo("wrong");
    assertThat(found("when: x &&\n  y && wrong\n", "wrong")).isEqualTo("wrong");
  }

  @Test
  void quoted() {
    assertThat(found("when: \"x == 'a' && wrong\"\n", "wrong")).isEqualTo("wrong\"");
    assertThat(found("when: 'x == ''a'' && wrong'\n", "wrong")).isEqualTo("wrong'");
    assertThat(found("when: \"x == \\\"a\\\" && wrong\"\n", "wrong")).isEqualTo("wrong\"");
  }

  @Test
  void blocks() {
    assertThat(found("when: |\n    x &&\n      wrong\n    && y\n", "wrong")).isEqualTo("wrong");
    assertThat(found("when: >-\n  x &&\n  y && wrong\n", "wrong")).isEqualTo("wrong");
    assertThat(found("when: | # a wrong comment\n\n  x &&\n\n  wrong\n", "wrong"))
        .isEqualTo("wrong");
  }
}
