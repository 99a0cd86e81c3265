package io.llmtrace.policies.redact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** The bar: output parses, differs only in the spans, and restores to the original. */
class RedactionPropertiesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Property(tries = 2_000, shrinking = ShrinkingMode.OFF, seed = "42")
  void a_redacted_document_parses_differs_only_in_the_spans_and_restores_to_the_original(
      @ForAll long seed) throws Exception {
    RandomDocument document = new RandomDocument(seed);

    Redaction redaction =
        Spots.redact(
            document.raw(), document.segments(), document.findings().toArray(Finding[]::new));

    String redacted = Spots.body(redaction);
    assertThat(redacted).isEqualTo(document.expected());
    Redaction.Redacted done = (Redaction.Redacted) redaction;
    assertThat(done.values()).containsExactlyInAnyOrderEntriesOf(document.values());
    assertThat(JSON.readTree(redacted.getBytes(UTF_8))).isNotNull();
    byte[] restored = Restorer.restore(done.body(), done.values()).orElseGet(() -> done.body());
    // A value comes back in the spelling that it needs, which need not be its client's.
    assertThat(opened(JSON.readTree(restored)))
        .isEqualTo(opened(JSON.readTree(document.raw().getBytes(UTF_8))));
  }

  /** The segments that the readers of dialects give, and spans anywhere in them. */
  @Property(tries = 1_000, shrinking = ShrinkingMode.OFF, seed = "42")
  void any_span_of_any_text_that_a_reader_found_can_be_redacted(@ForAll long seed)
      throws Exception {
    byte[] body = new RandomDocument(seed).raw().getBytes(UTF_8);
    Random random = new Random(seed);
    List<Segment> segments = read(body);
    List<Finding> findings = new ArrayList<>();
    for (Segment segment : segments) {
      int points = segment.text().codePointCount(0, segment.text().length());
      if (random.nextBoolean()) {
        int start = random.nextInt(points);
        int end = start + 1 + random.nextInt(points - start);
        findings.add(Spots.finding("email", segment.pointer(), start, end));
      }
    }

    Redaction redaction =
        Spots.redact(new String(body, UTF_8), segments, findings.toArray(Finding[]::new));

    String redacted = Spots.body(redaction);
    Map<String, String> values = ((Redaction.Redacted) redaction).values();
    assertThat(shape(opened(JSON.readTree(redacted.getBytes(UTF_8)))))
        .isEqualTo(shape(opened(JSON.readTree(body))));
    if (values.isEmpty()) {
      assertThat(redacted).isEqualTo(new String(body, UTF_8));
    }
  }

  @Property(tries = 1_000, shrinking = ShrinkingMode.OFF, seed = "42")
  void the_walk_takes_what_jackson_takes_and_refuses_what_it_refuses(
      @ForAll long seed, @ForAll int where, @ForAll char what) {
    String text = new RandomDocument(seed).raw().replace("\uFEFF", "");
    int at = Math.floorMod(where, text.length());
    String damaged = text.substring(0, at) + what + text.substring(at + 1);
    for (String each : List.of(text, damaged, text.substring(0, at))) {
      boolean document = !each.isBlank() && "{[\"".indexOf(each.strip().charAt(0)) >= 0;
      assertThat(JsonScan.isDocument(each)).as(each).isEqualTo(document && isJson(each));
    }
  }

  private static boolean isJson(String text) {
    try (var parser = JSON.createParser(text.getBytes(UTF_8))) {
      parser.nextToken();
      parser.skipChildren();
      return parser.currentToken() != null
          && parser.nextToken() == null
          && "{[\"".indexOf(text.strip().charAt(0)) >= 0;
    } catch (JsonProcessingException e) {
      return false;
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** With each string that is a document itself as that document. */
  private static JsonNode opened(JsonNode node) throws JsonProcessingException {
    if (node.isTextual() && isJson(node.asText())) {
      ArrayNode inner = JSON.createArrayNode();
      return inner.add("inner").add(opened(JSON.readTree(node.asText())));
    }
    if (node.isArray()) {
      ArrayNode items = JSON.createArrayNode();
      for (JsonNode item : node) {
        items.add(opened(item));
      }
      return items;
    }
    if (node.isObject()) {
      ObjectNode fields = JSON.createObjectNode();
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        fields.set(field.getKey(), opened(field.getValue()));
      }
      return fields;
    }
    return node;
  }

  /** Containers alone. */
  private static String shape(JsonNode node) {
    StringBuilder out = new StringBuilder(node.isObject() ? "{" : node.isArray() ? "[" : "");
    node.forEach(child -> out.append(child.isContainerNode() ? shape(child) : "v"));
    return out.append(node.isObject() ? "}" : node.isArray() ? "]" : "").toString();
  }

  private static List<Segment> read(byte[] body) throws UnreadableBodyException {
    return ExchangeReader.read(
            new RequestContent("POST", "/v1/anything", Map.of(), body), Dialect.GENERIC_JSON)
        .segments();
  }

  @Property(tries = 300, shrinking = ShrinkingMode.OFF, seed = "41")
  void a_budget_that_is_spent_never_gives_half_a_redaction(@ForAll long seed) {
    RandomDocument document = new RandomDocument(seed);
    Redaction redaction =
        Redactor.redact(
            document.raw().getBytes(UTF_8),
            document.segments(),
            document.findings(),
            Numbering.fresh(List.of()),
            1 << 24,
            InspectionBudget.until(System.nanoTime() - 1));
    assertThat(redaction).isEqualTo(new Redaction.Refused(Redaction.Reason.BUDGET));
  }
}
