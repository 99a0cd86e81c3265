package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A body read by our parser is what Jackson reads, and is refused where Jackson refuses it. */
class BodyParserTest {
  private static final ObjectReader JACKSON = strict(WireJson.mapper().reader());
  private static final ObjectReader OURS =
      strict(
          WireJson.mapper()
              .reader()
              .with(
                  new BodyParser.Factory(WireJson.mapper().getFactory().streamReadConstraints())));

  private static ObjectReader strict(ObjectReader reader) {
    return reader
        .with(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":\"\"}",
        "[\"1234567\",\"12345678\",\"123456789\"]",
        "[\"\\n\\t\\r\\b\\f\\\"\\\\\\/\"]",
        "[\"a line\\nand \\\"another\\\" one that is longer than eight\\\\\"]",
        "[\"\\u0041\",\"1234567\\u00e9 then \\ud83d\\ude00\"]",
        "[\"grüße, 你好, 😀, \uFFFD\"]",
        "{\"näme\":\"wert\",\"b\":{\"c\":[1,2.5,true,null,\"x\"]}}",
        "  {\"a\" : \"b\" , \"c\" : [ ] }  ",
        "[\"unclosed",
        "[\"unclosed\\",
        "[\"unclosed\\\"",
        "[\"a bad \\x escape\"]",
        "[\"a line\nin it\"]",
        "[\"a code \u0001 in it\"]",
        "{\"a\":\"1\",\"a\":\"2\"}",
        "{\"a\":\"1\"} x",
        "\"only text\"",
        "1",
        "[",
        ""
      })
  void readsWhatJacksonReads(String json) {
    for (Charset charset :
        List.of(
            StandardCharsets.UTF_8,
            StandardCharsets.UTF_16BE,
            StandardCharsets.UTF_16LE,
            StandardCharsets.UTF_16,
            Charset.forName("UTF-32"))) {
      same(json.getBytes(charset));
    }
  }

  @Test
  void bytesThatAreNoUtf8AreReadAsJacksonReadsThem() {
    byte[] body = "[\"0123456789\"]".getBytes(StandardCharsets.US_ASCII);
    // Stray continuation, overlong form, half a surrogate pair, a byte that never is, a cut one.
    for (int[] bytes :
        new int[][] {
          {0x80}, {0xC0, 0xAF}, {0xED, 0xA0, 0x80}, {0xFF}, {0xC3}, {0xE2, 0x82}, {0xF5, 0x80, 0x80}
        }) {
      byte[] damaged = body.clone();
      for (int i = 0; i < bytes.length; i++) {
        damaged[4 + i] = (byte) bytes[i];
      }
      same(damaged);
    }
  }

  @Test
  void aStringThatWasReadIsThereWhenAskedForAgain() throws IOException {
    byte[] body = "xx[\"a \\\"b\\\" c\",\"second\"]xx".getBytes(StandardCharsets.UTF_8);
    try (var parser = OURS.createParser(body, 2, body.length - 4);
        var jackson = JACKSON.createParser(body, 2, body.length - 4)) {
      parser.nextToken();
      jackson.nextToken();
      assertThat(parser.nextTextValue()).isEqualTo("a \"b\" c");
      assertThat(parser.getText()).isEqualTo("a \"b\" c");
      assertThat(parser.getTextCharacters()).startsWith("a \"b\" c".toCharArray());
      assertThat(parser.nextTextValue()).isEqualTo("second");
      assertThat(jackson.nextTextValue()).isEqualTo("a \"b\" c");
      assertThat(jackson.nextTextValue()).isEqualTo("second");
      assertThat(parser.currentTokenLocation()).isEqualTo(jackson.currentTokenLocation());
      assertThat(parser.currentLocation()).isEqualTo(jackson.currentLocation());
    }
  }

  @Property(tries = 2000)
  void readsAnyStringAsJacksonDoes(@ForAll("strings") String inside) {
    same(
        ("{\"k\":\"" + inside + "\",\"l\":[\"" + inside + "\",1]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  @Property(tries = 2000)
  void readsAnyBytesAsJacksonDoes(@ForAll byte[] inside) {
    byte[] body = new byte[inside.length + 4];
    body[0] = '[';
    body[1] = '"';
    System.arraycopy(inside, 0, body, 2, inside.length);
    body[body.length - 2] = '"';
    body[body.length - 1] = ']';
    same(body);
  }

  @Provide
  Arbitrary<String> strings() {
    return Arbitraries.of(
            "a",
            "word ",
            "0123456789abcdef",
            "\\n",
            "\\\\",
            "\\\"",
            "\\u00e9",
            "ü",
            "€",
            "😀",
            "\"",
            "\\",
            "\u001f",
            " ",
            "\u007f")
        .list()
        .ofMaxSize(12)
        .map(parts -> String.join("", parts));
  }

  private static void same(byte[] body) {
    assertThat(told(OURS, body)).isEqualTo(told(JACKSON, body));
  }

  /** The document, or what is wrong with it. */
  private static String told(ObjectReader reader, byte[] body) {
    try {
      return String.valueOf(reader.readTree(body));
    } catch (IOException e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }
}
