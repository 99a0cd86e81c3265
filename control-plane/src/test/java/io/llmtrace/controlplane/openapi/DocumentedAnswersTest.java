package io.llmtrace.controlplane.openapi;

import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.llmtrace.controlplane.ApiSamples;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.Takes;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the service answers and takes is what its document says, operation by operation. */
@ExtendWith(TestControlPlane.Extension.class)
class DocumentedAnswersTest {
  private static final String EXPECTED = "expected one of ";
  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private static TestControlPlane plane;
  private static ApiSamples samples;
  private static ObjectNode document;

  @BeforeAll
  static void theDocument(TestControlPlane given) throws Exception {
    plane = given;
    samples = new ApiSamples(given);
    document =
        (ObjectNode) TestControlPlane.json(plane.call("GET", "/api/v1/openapi.json", "", null));
  }

  @Test
  void validCallsAreAnsweredAsDocumented() throws Exception {
    samples.fill(OWN);
    ObjectNode closed = closed(document);
    for (ApiOperation operation : plane.service().operations()) {
      HttpResponse<String> answer = samples.send(operation, OWN);
      String what = operation.verb() + " " + operation.path() + ": " + answer.body();
      assertThat(answer.statusCode()).as(what).isBetween(200, 299);
      JsonNode response =
          node(operation).path("responses").path(Integer.toString(answer.statusCode()));
      assertThat(response.isMissingNode()).as("%s: %s", answer.statusCode(), what).isFalse();
      Set<String> documented = new TreeSet<>();
      response.path("headers").fieldNames().forEachRemaining(documented::add);
      documented.remove("Idempotency-Replayed");
      Set<String> sent = new TreeSet<>();
      for (String header : List.of("ETag", "Location")) {
        answer.headers().firstValue(header).ifPresent(value -> sent.add(header));
      }
      assertThat(sent).as(what).isEqualTo(documented);
      if (!response.has("content")) {
        assertThat(answer.body()).as(what).isEmpty();
        continue;
      }
      String type = answer.headers().firstValue("Content-Type").orElse("");
      JsonNode schema = response.path("content").path(type).path("schema");
      assertThat(schema.isMissingNode()).as("%s of %s", type, what).isFalse();
      if (type.equals("application/json")) {
        assertThat(errors(closed, schema, answer.body())).as(what).isEmpty();
      }
    }
  }

  @Test
  void refusalsAreProblems() throws Exception {
    JsonNode problem =
        document.path("components").path("responses").path("Problem").findValue("schema");
    for (ApiOperation operation : plane.service().operations()) {
      String what = operation.verb() + " " + operation.path();
      String path = operation.path().replaceAll("\\{[^}]*}", "absent");
      for (String key : List.of("", plane.admin())) {
        HttpResponse<String> answer =
            plane.call(operation.verb(), path + "?no_such=1", key, "[", "If-Match", "\"0\"");
        if (answer.statusCode() >= 400) {
          assertThat(answer.headers().firstValue("Content-Type"))
              .as(what)
              .hasValue("application/problem+json");
          assertThat(errors(document, problem, answer.body())).as(answer.body()).isEmpty();
          assertThat(TestControlPlane.json(answer).path("status").asInt())
              .isEqualTo(answer.statusCode());
        }
      }
    }
  }

  @Test
  void everyQueryParameterThatIsReadIsDocumented() throws Exception {
    List<String> checked = new ArrayList<>();
    for (ApiOperation operation : plane.service().operations()) {
      if (!operation.verb().equals("GET")) {
        continue;
      }
      String path = samples.path(operation, OWN);
      HttpResponse<String> answer =
          plane.call(
              "GET",
              path + (path.contains("?") ? "&" : "?") + "no_such_parameter=1",
              samples.key(operation),
              null);
      String detail = TestControlPlane.json(answer).path("detail").asText();
      if (answer.statusCode() == 400 && detail.contains("unknown parameter, " + EXPECTED)) {
        Set<String> documented = new TreeSet<>();
        for (JsonNode parameter : node(operation).path("parameters")) {
          if (parameter.path("in").asText().equals("query")) {
            documented.add(parameter.path("name").asText());
          }
        }
        assertThat(documented).as(operation.path()).isEqualTo(names(detail));
        checked.add(operation.path());
      }
    }
    assertThat(checked)
        .contains("/api/v1/keys", "/api/v1/tenants", "/api/v1/audit", "/api/v1/statistics");
  }

  @Test
  void everyFieldThatIsReadIsDocumented() throws Exception {
    List<String> checked = new ArrayList<>();
    for (ApiOperation operation : plane.service().operations()) {
      Takes takes = operation.method().getAnnotation(Takes.class);
      if (takes == null || !BodyFields.class.isAssignableFrom(takes.body())) {
        continue;
      }
      HttpResponse<String> answer =
          plane.call(
              operation.verb(),
              samples.path(operation, OWN),
              samples.key(operation),
              "{\"no_such_field\":1}",
              "If-Match",
              "*");
      JsonNode fields =
          node(operation)
              .path("requestBody")
              .path("content")
              .path("application/json")
              .path("schema")
              .path("properties");
      Set<String> documented = new TreeSet<>();
      fields.fieldNames().forEachRemaining(documented::add);
      String detail = "";
      for (JsonNode error : TestControlPlane.json(answer).path("errors")) {
        detail =
            error.path("field").asText().equals("/no_such_field")
                ? error.path("detail").asText()
                : detail;
      }
      assertThat(detail).as(operation.path() + answer.body()).contains(EXPECTED);
      assertThat(documented).as(operation.path()).isEqualTo(names(detail));
      checked.add(operation.verb() + operation.path());
    }
    assertThat(checked).hasSizeGreaterThanOrEqualTo(6);
  }

  @Test
  void whatWorksOnceTakesAnIdempotencyKey() throws Exception {
    for (ApiOperation operation : plane.service().operations()) {
      if (!operation.verb().equals("POST")) {
        continue;
      }
      boolean documented =
          node(operation).path("parameters").toString().contains("\"Idempotency-Key\"");
      HttpResponse<String> answer = samples.send(operation, OWN, "Idempotency-Key", "short");
      assertThat(answer.statusCode() == 400 && answer.body().contains("Idempotency-Key"))
          .as(operation.path())
          .isEqualTo(documented);
    }
  }

  private static Set<String> names(String detail) {
    String list = detail.substring(detail.indexOf(EXPECTED) + EXPECTED.length());
    return list.isBlank() ? Set.of() : new TreeSet<>(Arrays.asList(list.split(", ", -1)));
  }

  /** The same document, in which an object has no field that is not named. */
  private static ObjectNode closed(ObjectNode open) {
    ObjectNode closed = open.deepCopy();
    for (JsonNode schema : closed.path("components").path("schemas")) {
      if (schema.has("properties")) {
        ((ObjectNode) schema).put("additionalProperties", false);
      }
    }
    return closed;
  }

  private static List<Error> errors(ObjectNode within, JsonNode schema, String body) {
    ObjectNode root = within.objectNode();
    root.set("components", within.path("components"));
    root.setAll((ObjectNode) schema);
    return REGISTRY.getSchema(root.toString()).validate(body, InputFormat.JSON);
  }

  private static JsonNode node(ApiOperation operation) {
    return document
        .path("paths")
        .path(operation.path())
        .path(operation.verb().toLowerCase(Locale.ROOT));
  }
}
