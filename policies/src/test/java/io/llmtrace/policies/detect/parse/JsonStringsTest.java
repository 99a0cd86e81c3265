package io.llmtrace.policies.detect.parse;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.TextView;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class JsonStringsTest {
  @Property
  void a_string_comes_back_as_it_was_and_points_at_its_place(@ForAll String value)
      throws JsonProcessingException {
    String json = new ObjectMapper().writeValueAsString(Map.of("a", value));
    List<JsonStrings.Value> values = read(json);
    if (value.isEmpty()) {
      assertThat(values).isEmpty();
      return;
    }
    TextView view = values.get(0).view();
    assertThat(view.text()).isEqualTo(value);
    assertThat(view.originalStart(0)).isEqualTo(6);
    assertThat(view.originalEnd(value.length() - 1)).isEqualTo(json.length() - 2);
  }

  @Property(tries = 1000)
  void any_text_is_read_without_failing(@ForAll String text) {
    read(text);
    read("{\"a\":\"" + text);
  }

  @Test
  void names_and_lists_are_known() {
    assertThat(read("{\"a\":{\"b\":\"1\"},\"c\":[\"2\",\"3\",{\"d\":\"4\"}],\"e\":\"5\"}"))
        .extracting(v -> v.name() + " " + v.list() + " " + v.view().text())
        .containsExactly("b -1 1", "c 0 2", "c 0 3", "d -1 4", "e -1 5");
  }

  @Test
  void shell_is_not_taken_for_json() {
    assertThat(JsonStrings.looksLikeJson("[[ -f x ]] && y")).isFalse();
    assertThat(JsonStrings.looksLikeJson("{ ls; }")).isFalse();
    assertThat(JsonStrings.looksLikeJson(" {\"a\":1}")).isTrue();
    assertThat(JsonStrings.looksLikeJson("[{}]")).isTrue();
  }

  private static List<JsonStrings.Value> read(String json) {
    return JsonStrings.read(TextView.original(json), Readings.unlimited());
  }
}
