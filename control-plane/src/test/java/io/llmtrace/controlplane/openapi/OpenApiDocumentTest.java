package io.llmtrace.controlplane.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.access.ApiOperation;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The document is a good one, and it is there for everybody. */
@ExtendWith(TestControlPlane.Extension.class)
class OpenApiDocumentTest {
  private static TestControlPlane plane;
  private static String text;
  private static JsonNode document;

  @BeforeAll
  static void theDocument(TestControlPlane given) throws Exception {
    plane = given;
    HttpResponse<String> answer = plane.call("GET", "/api/v1/openapi.json", "", null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
    text = answer.body();
    document = TestControlPlane.json(answer);
  }

  @Test
  void everyOperationIsInItAndNoOther() {
    Set<String> documented = new TreeSet<>();
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(
                        verb ->
                            documented.add(verb.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    assertThat(documented)
        .containsExactlyInAnyOrderElementsOf(
            plane.service().operations().stream()
                .map(each -> each.verb() + " " + each.path())
                .toList());
  }

  @Test
  void aReaderThatIsNotOursFindsNothingWrong() {
    SwaggerParseResult read = new OpenAPIV3Parser().readContents(text, List.of(), null);
    assertThat(read.getMessages()).isEmpty();
    assertThat(read.getOpenAPI().getOpenapi()).isEqualTo("3.1.0");
    assertThat(read.getOpenAPI().getPaths()).hasSize(document.path("paths").size());
  }

  @Test
  void everySchemaIsOneOf202012() throws Exception {
    SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    Schema meta =
        registry.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));
    List<JsonNode> schemas = new ArrayList<>();
    document.path("components").path("schemas").forEach(schemas::add);
    schemas.addAll(document.findValues("schema"));
    assertThat(schemas).hasSizeGreaterThan(40);
    for (JsonNode schema : schemas) {
      assertThat(meta.validate(schema.toString(), InputFormat.JSON))
          .as(schema.toString())
          .isEmpty();
    }
    assertThat(meta.validate("{\"type\":\"text\"}", InputFormat.JSON)).isNotEmpty();
  }

  @Test
  void everyReferenceLeadsSomewhereAndNoComponentIsLeftOver() {
    Set<String> used = new HashSet<>();
    for (JsonNode reference : document.findValues("$ref")) {
      String pointer = reference.asText();
      assertThat(document.at(pointer.substring(1)).isMissingNode()).as(pointer).isFalse();
      used.add(pointer.substring(pointer.lastIndexOf('/') + 1));
    }
    document
        .path("components")
        .path("schemas")
        .fieldNames()
        .forEachRemaining(name -> assertThat(used).contains(name));
  }

  @Test
  void everyOperationIsNamedDescribedAndGuarded() {
    Set<String> ids = new HashSet<>();
    for (ApiOperation operation : plane.service().operations()) {
      String what = operation.verb() + " " + operation.path();
      JsonNode node = node(operation);
      assertThat(ids.add(node.path("operationId").asText())).as(what).isTrue();
      assertThat(node.path("operationId").asText()).as(what).matches("[A-Za-z0-9_]+");
      assertThat(node.path("summary").asText()).as(what).isNotBlank();
      assertThat(node.path("responses").has("401")).as(what).isTrue();
      if (operation.requires() != null) {
        assertThat(node.path("x-llmtrace-permission").asText())
            .isEqualTo(operation.requires().value().label());
      }
      for (JsonNode parameter : node.path("parameters")) {
        assertThat(parameter.path("name").asText()).as(what).isNotBlank();
        if (parameter.path("in").asText().equals("path")) {
          assertThat(operation.path()).contains("{" + parameter.path("name").asText() + "}");
        }
      }
      boolean takesBody =
          Arrays.asList(operation.method().getParameterTypes()).contains(InputStream.class);
      assertThat(node.has("requestBody")).as(what).isEqualTo(takesBody);
      assertThat(node.path("requestBody").findValues("schema"))
          .as(what + ": say by @Takes(body = …) what is read")
          .allSatisfy(
              schema ->
                  assertThat(schema.has("$ref") || schema.has("properties"))
                      .as(schema.toString())
                      .isTrue());
    }
  }

  @Test
  void itIsTheOnlyPathOfTheApiThatAsksForNoKey() throws Exception {
    for (String path :
        List.of(
            "/api/v1/openapi.json/",
            "/api/v1/openapi.json/x",
            "/api/v1/openapi",
            "/api/v1/OPENAPI.JSON",
            "/api/v1/openapi.json;x=1/../me")) {
      assertThat(plane.call("GET", path, "", null).statusCode()).as(path).isIn(400, 401);
    }
    assertThat(plane.call("POST", "/api/v1/openapi.json", "", "{}").statusCode()).isEqualTo(405);
  }

  private static JsonNode node(ApiOperation operation) {
    return document
        .path("paths")
        .path(operation.path())
        .path(operation.verb().toLowerCase(Locale.ROOT));
  }
}
