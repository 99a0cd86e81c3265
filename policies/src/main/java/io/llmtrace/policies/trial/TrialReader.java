package io.llmtrace.policies.trial;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.yaml.Given;
import io.llmtrace.policies.yaml.Problems;
import io.llmtrace.policies.yaml.Shape;
import io.llmtrace.policies.yaml.ShapeReader;
import io.llmtrace.policies.yaml.YamlJson;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads files of test cases, and single samples. Used once. */
public final class TrialReader {
  private static final String MODEL = "gpt-4o";
  private static final String TENANT = "default";
  private static final String ROUTE = "test";

  private final Problems problems = new Problems();

  private TrialReader() {}

  /**
   * The cases of a file.
   *
   * @throws PolicyProblemsException with every problem of the file, when there is one
   */
  public static List<TrialCase> cases(String yaml) throws PolicyProblemsException {
    TrialReader reader = new TrialReader();
    Given.Section file = reader.file(yaml, TrialSchema.file());
    Map<String, Integer> lines = new HashMap<>();
    for (Given.Section section : file.sections("cases")) {
      reader.check(section);
      section.scalar("name").ifPresent(name -> reader.unique(name, lines));
    }
    reader.end();
    List<TrialCase> cases = new ArrayList<>();
    for (Given.Section section : file.sections("cases")) {
      cases.add(
          new TrialCase(
              section.text("name").orElseThrow(),
              section.line(),
              sample(section),
              expectation(section.section("expect").orElseThrow())));
    }
    return cases;
  }

  /**
   * One exchange: the keys of a case that say what is sent. JSON is YAML.
   *
   * @throws PolicyProblemsException with every problem of the file, when there is one
   */
  public static Sample sample(String yaml) throws PolicyProblemsException {
    TrialReader reader = new TrialReader();
    Given.Section file = reader.file(yaml, TrialSchema.sample());
    reader.check(file);
    reader.end();
    return sample(file);
  }

  private Given.Section file(String yaml, Shape.Section shape) throws PolicyProblemsException {
    Optional<Given.Section> file = ShapeReader.read(yaml, TrialSchema.BOUNDS, shape, problems);
    if (file.isEmpty()) {
      throw new PolicyProblemsException(problems.all());
    }
    return file.get();
  }

  private void end() throws PolicyProblemsException {
    if (!problems.none()) {
      throw new PolicyProblemsException(problems.all());
    }
  }

  private void unique(Given.Scalar name, Map<String, Integer> lines) {
    Integer first = lines.putIfAbsent(name.text(), name.line());
    if (first != null) {
      problems.add(name.problem("is there twice, first on line " + first, ""));
    }
  }

  private void check(Given.Section given) {
    if (given.has("prompt") == given.has("request")) {
      problems.add(given.problem("expected either prompt or request", ""));
    }
    for (String key : List.of("zone", "model", "tools", "headers")) {
      Given value = given.values().get(key);
      if (given.has("request") && value != null) {
        problems.add(value.problem("is for prompt only", "say it in the request itself"));
      }
    }
    given
        .scalar("at")
        .ifPresent(
            at -> {
              try {
                Instant unused = instant(at.text());
              } catch (DateTimeParseException e) {
                problems.add(at.problem("expected a moment that exists", ""));
              }
            });
  }

  private static Instant instant(String text) {
    return OffsetDateTime.parse(text).toInstant();
  }

  private static Sample sample(Given.Section given) {
    Optional<Given.Section> request = given.section("request");
    Optional<String> textAt = Optional.empty();
    RequestContent content;
    if (request.isPresent()) {
      content = content(request.get());
    } else {
      Prompt prompt =
          Prompt.of(
              given.text("prompt").orElseThrow(),
              given.text("zone").map(Zone::of).orElse(Zone.USER),
              given.text("model").orElse(MODEL),
              given.texts("tools"));
      content = prompt.content(headers(given));
      textAt = Optional.of(prompt.textAt());
    }
    return new Sample(
        content,
        textAt,
        new Sample.Sender(
            given.text("tenant").orElse(TENANT),
            given.text("consumer").orElse(""),
            given.text("agent").orElse(""),
            given.text("route").orElse(ROUTE)),
        given.text("at").map(TrialReader::instant),
        given.text("times").map(Long::valueOf).orElse(1L));
  }

  private static RequestContent content(Given.Section request) {
    String body =
        request.values().get("body") instanceof Given.Any any ? text(YamlJson.of(any.node())) : "";
    return new RequestContent(
        request.text("method").orElse("POST"),
        request.text("path").orElseThrow(),
        headers(request),
        body.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(JsonNode body) {
    return body.isTextual() ? body.textValue() : body.toString();
  }

  private static Map<String, String> headers(Given.Section section) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("content-type", "application/json");
    section
        .section("headers")
        .ifPresent(
            given ->
                given
                    .values()
                    .keySet()
                    .forEach(name -> headers.put(name, given.text(name).orElseThrow())));
    return headers;
  }

  private static Expectation expectation(Given.Section expect) {
    return new Expectation(
        Action.of(expect.text("action").orElseThrow()),
        expect.text("rule"),
        expect.values().get("redacted") instanceof Given.Any any
            ? Optional.of(YamlJson.of(any.node()))
            : Optional.empty(),
        expect.text("message"),
        expect.text("block_style").map(BlockStyle::of),
        expect.texts("findings").stream().map(FindingType::of).toList());
  }
}
