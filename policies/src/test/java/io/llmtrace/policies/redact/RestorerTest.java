package io.llmtrace.policies.redact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RestorerTest {
  private static final Map<String, String> VALUES =
      Map.of("[EMAIL_1]", "ada@b.org", "[PASSWORD_2]", "a\"b\\c\nd", "[PHONE_1]", "[EMAIL_1]");

  @Test
  void a_value_is_escaped_for_the_string_it_stands_in_and_all_else_stays() {
    assertThat(restored("{ \"a\":\"x\\u0020[PASSWORD_2]\", \"n\":1.0 }"))
        .contains("{ \"a\":\"x\\u0020a\\\"b\\\\c\\nd\", \"n\":1.0 }");
  }

  @Test
  void a_value_in_the_arguments_of_a_call_is_escaped_twice() {
    assertThat(restored("{\"arguments\":\"{\\\"p\\\":\\\"[PASSWORD_2]\\\"}\"}"))
        .contains("{\"arguments\":\"{\\\"p\\\":\\\"a\\\\\\\"b\\\\\\\\c\\\\nd\\\"}\"}");
  }

  @Test
  void only_whole_placeholders_of_the_exchange_are_restored() {
    assertThat(restored("[\"[EMAIL_2] EMAIL_1 [email_1] [EMAIL_1 ] [[EMAIL_1]]\"]"))
        .contains("[\"[EMAIL_2] EMAIL_1 [email_1] [EMAIL_1 ] [ada@b.org]\"]");
    assertThat(restored("[\"[EMAIL_2]\"]")).isEmpty();
  }

  @Test
  void a_value_that_looks_like_a_placeholder_is_not_restored_again() {
    assertThat(restored("[\"[PHONE_1]\"]")).contains("[\"[EMAIL_1]\"]");
  }

  @Test
  void a_placeholder_that_a_server_escapes_is_found() {
    assertThat(restored("[\"\\u005bEMAIL\\u005f1\\u005d!\"]")).contains("[\"ada@b.org!\"]");
  }

  @Test
  void what_is_no_document_is_left_alone() {
    assertThat(restored("data: {\"a\":\"[EMAIL_1]\"}\n\n")).isEmpty();
    assertThat(restored("[EMAIL_1]")).isEmpty();
    assertThat(Restorer.restore(new byte[] {'"', (byte) 0xff, '"'}, VALUES)).isEmpty();
  }

  private static Optional<String> restored(String body) {
    return Restorer.restore(body.getBytes(UTF_8), VALUES).map(bytes -> new String(bytes, UTF_8));
  }
}
