package io.llmtrace.plugin.conf;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.policy.RedactRule;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RedactReaderTest {
  @Test
  void all_keys_are_read() {
    RouteConf conf =
        read(
            "{\"types\":[\"secret_leakage\"],\"kinds\":[\"email\",\"iban\"],\"reversible\":true,"
                + "\"min_severity\":\"info\",\"conversation_header\":\"X-Chat-Id\"}");
    assertThat(conf.problems()).isEmpty();
    assertThat(conf.redact())
        .isEqualTo(
            new RedactConf(
                new RedactRule(
                    Set.of(FindingType.SECRET_LEAKAGE), Set.of("email", "iban"), Severity.INFO),
                true,
                "x-chat-id"));
    assertThat(conf.settings("k").values())
        .containsEntry("redact", "email iban secret_leakage (reversible)")
        .containsEntry("answers", "observe");
    assertThat(conf.settings("k").sources()).containsEntry("redact", "route");
  }

  @Test
  void a_list_names_types_and_kinds_alike() {
    RouteConf conf = read("[\"pii_detected\",\"github_token\"]");
    assertThat(conf.problems()).isEmpty();
    assertThat(conf.redact().rule())
        .isEqualTo(
            new RedactRule(Set.of(FindingType.PII_DETECTED), Set.of("github_token"), Severity.LOW));
    assertThat(conf.redact().reversible()).isFalse();
  }

  @Test
  void without_the_key_nothing_is_redacted() {
    RouteConf conf = new RouteConfReader(150, OnUninspectable.PASS).read(value("{}"));
    assertThat(conf.redact()).isEqualTo(RedactConf.NONE);
    assertThat(conf.enforceAnswers()).isFalse();
    assertThat(conf.settings("k").values()).containsEntry("redact", "none");
  }

  @Test
  void a_wrong_name_is_reported_with_what_may_be_meant_and_the_others_count() {
    RouteConf conf = read("[\"pii_detectd\",\"emails\",\"iban\",7]");
    assertThat(conf.redact().rule().kinds()).containsExactly("iban");
    assertThat(conf.problems())
        .containsExactly(
            "redact: no finding type and no kind is called \"pii_detectd\" (did you mean"
                + " pii_detected?)",
            "redact: no finding type and no kind is called \"emails\" (did you mean email?)",
            "redact: no finding type and no kind is called \"7\"");
  }

  @Test
  void a_type_among_kinds_is_reported_and_so_is_each_wrong_key() {
    RouteConf conf =
        read(
            "{\"kinds\":[\"pii_detected\"],\"types\":\"email\",\"reversibel\":true,"
                + "\"min_severity\":\"mild\",\"conversation_header\":\"a b\",\"reversible\":1}");
    assertThat(conf.redact().rule().isNone()).isTrue();
    assertThat(conf.problems())
        .containsExactly(
            "redact.kinds: no kind is called \"pii_detected\"",
            "redact.types: expected a list of names",
            "redact.reversibel: unknown key (did you mean reversible?)",
            "redact.min_severity: expected info, low, medium, high or critical",
            "redact.conversation_header: expected the name of a request header",
            "redact.reversible: expected true or false",
            "redact: expected types or kinds; nothing is redacted");
    assertThat(read("\"email\"").problems())
        .containsExactly("redact: expected an object, or a list of finding types and kinds");
  }

  @Test
  void answers_are_enforced_only_where_the_route_says_so() {
    RouteConfReader reader = new RouteConfReader(150, OnUninspectable.PASS);
    assertThat(reader.read(value("{\"answers\":{\"enforce\":true}}")).enforceAnswers()).isTrue();
    RouteConf wrong = reader.read(value("{\"answers\":\"enforce\"}"));
    assertThat(wrong.enforceAnswers()).isFalse();
    assertThat(wrong.problems())
        .containsExactly("answers: expected {\"enforce\": true} or {\"enforce\": false}");
  }

  private static RouteConf read(String redact) {
    return new RouteConfReader(150, OnUninspectable.PASS)
        .read(value("{\"redact\":" + redact + "}"));
  }

  private static List<Map.Entry<String, String>> value(String json) {
    return List.of(Map.entry(RouteConf.CONF_NAME, json));
  }
}
