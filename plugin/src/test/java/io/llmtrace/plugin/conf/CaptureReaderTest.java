package io.llmtrace.plugin.conf;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptureReaderTest {
  @Test
  void without_the_key_nothing_is_captured() {
    RouteConf conf = read("{}", CaptureReader.Full.ALLOWED);
    assertThat(conf.capture()).isEqualTo(CaptureConf.NONE);
    assertThat(conf.settings("k").values()).containsEntry("capture", "none");
  }

  @Test
  void a_mode_alone_has_the_other_defaults() {
    RouteConf conf = read("{\"capture\":\"redacted\"}", CaptureReader.Full.NOT_ALLOWED);
    assertThat(conf.problems()).isEmpty();
    assertThat(conf.capture()).isEqualTo(new CaptureConf(CaptureMode.REDACTED, 65_536, 1));
  }

  @Test
  void all_of_it() {
    RouteConf conf =
        read(
            "{\"capture\":{\"content\":\"full\",\"max_bytes\":1024,\"sample\":0.1}}",
            CaptureReader.Full.ALLOWED);
    assertThat(conf.problems()).isEmpty();
    assertThat(conf.capture()).isEqualTo(new CaptureConf(CaptureMode.FULL, 1_024, 0.1));
    assertThat(conf.settings("k").values())
        .containsEntry("capture", "full up to 1024 bytes of 0.1");
    assertThat(conf.settings("k").sources()).containsEntry("capture", "route");
  }

  @Test
  void full_needs_the_word_of_the_node() {
    RouteConf conf = read("{\"capture\":\"full\"}", CaptureReader.Full.NOT_ALLOWED);
    assertThat(conf.capture().mode()).isEqualTo(CaptureMode.REDACTED);
    assertThat(conf.problems())
        .containsExactly(
            "capture: full needs plugin.capture.allow_full: true in the configuration of the node;"
                + " redacted is in force");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"all\" | capture: expected none, redacted or full; nothing is captured",
        "true | capture: expected none, redacted or full; nothing is captured",
        "[] | capture: expected none, redacted or full; nothing is captured",
        "{} | capture.content: expected none, redacted or full; nothing is captured",
        "{\"content\":1} | capture.content: expected none, redacted or full; nothing is captured",
        "{\"content\":\"full\",\"sample\":0} | capture.sample: expected a number over 0 and up to 1;"
            + " nothing is captured",
        "{\"content\":\"full\",\"max_bytes\":9e9} | capture.max_bytes: expected whole bytes from"
            + " 1024 to 1048576; nothing is captured",
        "{\"content\":\"redacted\",\"keep\":1} | capture.keep: unknown key, expected one of content,"
            + " max_bytes, sample; nothing is captured"
      })
  void what_is_wrong_captures_nothing(String value, String problem) {
    RouteConf conf = read("{\"capture\":" + value + "}", CaptureReader.Full.ALLOWED);
    assertThat(conf.capture()).isEqualTo(CaptureConf.NONE);
    assertThat(conf.problems()).containsExactly(problem);
  }

  @Test
  void a_sample_takes_about_its_part_and_always_the_same() {
    CaptureConf tenth = new CaptureConf(CaptureMode.REDACTED, 1_024, 0.1);
    Ulid ids = new Ulid();
    int taken = 0;
    for (int i = 0; i < 20_000; i++) {
      String id = ids.next();
      taken += tenth.takes(id) ? 1 : 0;
      assertThat(tenth.takes(id)).isEqualTo(tenth.takes(id));
      assertThat(new CaptureConf(CaptureMode.REDACTED, 1_024, 1).takes(id)).isTrue();
      assertThat(CaptureConf.NONE.takes(id)).isFalse();
    }
    assertThat(taken).isBetween(1_700, 2_300);
  }

  private static RouteConf read(String json, CaptureReader.Full full) {
    return new RouteConfReader(150, OnUninspectable.PASS, Dialects.builtIn(), full)
        .read(List.of(Map.entry("llmtrace", json)));
  }
}
