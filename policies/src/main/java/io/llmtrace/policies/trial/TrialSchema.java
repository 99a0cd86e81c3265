package io.llmtrace.policies.trial;

import static io.llmtrace.policies.yaml.Shape.Need.OPTIONAL;
import static io.llmtrace.policies.yaml.Shape.Need.REQUIRED;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.yaml.LocatedYaml;
import io.llmtrace.policies.yaml.Shape;
import io.llmtrace.policies.yaml.Shape.Choice;
import io.llmtrace.policies.yaml.Shape.Entries;
import io.llmtrace.policies.yaml.Shape.Items;
import io.llmtrace.policies.yaml.Shape.Section;
import io.llmtrace.policies.yaml.Shape.Text;
import io.llmtrace.policies.yaml.Shape.Whole;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What may stand in a file of test cases, and in the input of {@code policy explain}: the one
 * description that the readers, the JSON Schema and the reference are made from. Stateless.
 */
public final class TrialSchema {
  /** Address by which the JSON Schema names itself. */
  public static final String ID = "https://llmtrace.io/schema/v1/policy-test.schema.json";

  /** Bodies nest deeper than policies do. */
  static final LocatedYaml.Bounds BOUNDS = new LocatedYaml.Bounds(4 << 20, 60, 200_000);

  private static final int MOST_CASES = 1000;
  private static final int LONGEST_TEXT = 200_000;
  private static final int MOST_TOOLS = 200;

  private static final Text NAME = Text.line("a name", 200);
  private static final Entries HEADERS =
      new Entries(
          Text.of("the name of a header in lower case", 100, "[a-z0-9][a-z0-9_-]{0,99}"),
          Text.line("a value", 1000),
          50);

  private static final Section REQUEST =
      new Section(
          "request",
          List.of(
              key(
                  "path",
                  REQUIRED,
                  Text.line("a path such as /v1/chat/completions", 1000),
                  "Path without query. It says which API it is."),
              key(
                  "method",
                  OPTIONAL,
                  Choice.of("a method", "GET", "POST", "PUT"),
                  "Without: `POST`."),
              key("headers", OPTIONAL, HEADERS, "Request headers by name in lower case."),
              key(
                  "body",
                  OPTIONAL,
                  new Shape.Anything("a body"),
                  "The body: keys and values become JSON, a text is sent as it is.")));

  private static final List<Shape.Key> GIVEN =
      List.of(
          key(
              "prompt",
              OPTIONAL,
              Text.lines("a text", LONGEST_TEXT),
              "One text, as a whole request. Short for `request`."),
          key(
              "zone",
              OPTIONAL,
              new Choice("a zone", Arrays.stream(Zone.values()).map(Zone::label).toList()),
              "Where `prompt` stands. Without: `user`."),
          key("model", OPTIONAL, NAME, "The model that `prompt` asks. Without: `gpt-4o`."),
          key(
              "tools",
              OPTIONAL,
              Items.of(NAME, MOST_TOOLS),
              "Names of tools that are offered with `prompt`."),
          key("request", OPTIONAL, REQUEST, "A request as an application sends it."),
          key("headers", OPTIONAL, HEADERS, "Request headers beside `prompt`."),
          key("tenant", OPTIONAL, NAME, "Whose it is. Without: `default`."),
          key("consumer", OPTIONAL, NAME, "The gateway's consumer. Without: none."),
          key("agent", OPTIONAL, NAME, "The agent. Without: none."),
          key("route", OPTIONAL, NAME, "The gateway's route id. Without: `test`."),
          key(
              "at",
              OPTIONAL,
              Text.of(
                  "a moment such as 2026-06-01T09:30:00Z",
                  30,
                  "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})"),
              "When. Without: now."),
          key(
              "times",
              OPTIONAL,
              new Whole(1, 1_000_000),
              "It is the n-th of its kind in this minute, for rules with a `limit`. Without: the"
                  + " first."));

  private static final Section EXPECT =
      new Section(
          "expectation",
          List.of(
              key(
                  "action",
                  REQUIRED,
                  new Choice(
                      "an action", Arrays.stream(Action.values()).map(Action::label).toList()),
                  "What `enforce` does, whatever the policy's mode."),
              key(
                  "rule",
                  OPTIONAL,
                  NAME,
                  "The rule that decides, such as `no-injection`, `sensitive.email`, `models`,"
                      + " `tools` or `default/high-blocks`; with the policy before it where that"
                      + " matters."),
              key(
                  "redacted",
                  OPTIONAL,
                  new Shape.Anything("a body or a text"),
                  "What goes on instead: the text, where `prompt` was given, else the body."),
              key("message", OPTIONAL, Text.lines("a message", 1000), "What the caller reads."),
              key(
                  "block_style",
                  OPTIONAL,
                  new Choice(
                      "a block style",
                      Arrays.stream(BlockStyle.values()).map(BlockStyle::label).toList()),
                  "How a block is answered."),
              key(
                  "findings",
                  OPTIONAL,
                  Items.of(
                      new Choice(
                          "a finding type",
                          Arrays.stream(FindingType.values()).map(FindingType::label).toList()),
                      FindingType.values().length),
                  "Types that are found, among others.")));

  private static final Section SAMPLE = new Section("sample", GIVEN);

  private static final Section FILE =
      new Section(
          "file of test cases",
          List.of(
              key(
                  "cases",
                  REQUIRED,
                  Items.of(testCase(), MOST_CASES),
                  "Each a request and what becomes of it.")));

  private TrialSchema() {}

  /** A file of test cases. */
  public static Section file() {
    return FILE;
  }

  /** One exchange. */
  public static Section sample() {
    return SAMPLE;
  }

  private static Section testCase() {
    List<Shape.Key> keys = new ArrayList<>();
    keys.add(key("name", REQUIRED, NAME, "Says what is tested. Unique in the file."));
    keys.addAll(GIVEN);
    keys.add(key("expect", REQUIRED, EXPECT, "What becomes of it."));
    return new Section("case", keys);
  }

  private static Shape.Key key(String name, Shape.Need need, Shape shape, String doc) {
    return new Shape.Key(name, need, shape, doc);
  }
}
