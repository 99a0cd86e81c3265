package io.llmtrace.policies.library;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.llmtrace.policies.language.PolicySchema;
import io.llmtrace.policies.trial.TrialSchema;
import io.llmtrace.policies.yaml.JsonSchema;
import io.llmtrace.policies.yaml.Shape;
import io.llmtrace.policies.yaml.YamlJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;

/** The JSON Schemas that editors use say what the readers do. */
class PublishedSchemaTest {
  private static final Path LIBRARY = Path.of("library");

  /** A file that differs is written beside the test's results, to be looked at and copied. */
  private static void same(String file, Shape.Section shape, String id, String title)
      throws IOException {
    String generated = JsonSchema.of(shape, id, title);
    Path made = Path.of("target", file);
    Files.writeString(made, generated);
    assertThat(LIBRARY.resolve(file))
        .as("differs from what the code says; see %s", made)
        .hasContent(generated);
  }

  @Test
  void the_schema_of_policies_is_the_generated_one() throws IOException {
    same("policy.schema.json", PolicySchema.policy(), PolicySchema.ID, "LLMTrace policy");
  }

  @Test
  void the_schema_of_tests_is_the_generated_one() throws IOException {
    same("policy-test.schema.json", TrialSchema.file(), TrialSchema.ID, "LLMTrace policy tests");
  }

  @TestFactory
  Stream<DynamicTest> files_of_the_library_are_valid() {
    return Stream.of("policy.schema.json", "policy-test.schema.json")
        .flatMap(
            schema ->
                PolicyLibrary.names().stream()
                    .map(name -> name + (schema.contains("test") ? ".test.yaml" : ".yaml"))
                    .map(
                        file ->
                            DynamicTest.dynamicTest(
                                file, () -> assertThat(errors(schema, text(file))).isEmpty())));
  }

  @Test
  void what_the_reader_refuses_the_schema_does_too() throws IOException {
    String head = "apiVersion: llmtrace.io/v1\nkind: Policy\nmetadata: {name: a}\n";
    assertThat(errors("policy.schema.json", head)).isEmpty();
    for (String wrong :
        List.of(
            "mod: enforce",
            "mode: enforced",
            "thresholds: {promt_injection: 0.5}",
            "thresholds: {prompt_injection: 2}",
            "rules: [{name: A, action: block}]",
            "rules: [{name: a}]",
            "rules: []",
            "match: {models: ['a*b*c*d*e*f']}",
            "sensitive: {email: limit}")) {
      assertThat(errors("policy.schema.json", head + wrong)).as(wrong).isNotEmpty();
    }
  }

  private static String text(String file) throws IOException {
    return Files.readString(LIBRARY.resolve(file));
  }

  private static List<String> errors(String schema, String yaml) throws IOException {
    Schema known =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(LIBRARY.resolve(schema), UTF_8), InputFormat.JSON);
    String json =
        YamlJson.of(new Compose(LoadSettings.builder().build()).composeString(yaml).orElseThrow())
            .toString();
    return known.validate(json, InputFormat.JSON).stream().map(Object::toString).toList();
  }
}
