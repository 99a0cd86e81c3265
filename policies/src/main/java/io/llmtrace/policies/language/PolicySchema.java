package io.llmtrace.policies.language;

import static io.llmtrace.policies.language.PolicyValues.ACTION;
import static io.llmtrace.policies.language.PolicyValues.CONDITION;
import static io.llmtrace.policies.language.PolicyValues.DESCRIPTION;
import static io.llmtrace.policies.language.PolicyValues.DIMENSIONS;
import static io.llmtrace.policies.language.PolicyValues.MESSAGE;
import static io.llmtrace.policies.language.PolicyValues.NAME;
import static io.llmtrace.policies.language.PolicyValues.OWNER;
import static io.llmtrace.policies.language.PolicyValues.PATTERN_OF_NAMES;
import static io.llmtrace.policies.language.PolicyValues.SEVERITY;
import static io.llmtrace.policies.language.PolicyValues.STYLE;
import static io.llmtrace.policies.language.PolicyValues.TYPE;
import static io.llmtrace.policies.language.PolicyValues.ZONES;
import static io.llmtrace.policies.language.PolicyValues.choice;
import static io.llmtrace.policies.language.PolicyValues.clock;
import static io.llmtrace.policies.language.PolicyValues.days;
import static io.llmtrace.policies.language.PolicyValues.key;
import static io.llmtrace.policies.language.PolicyValues.names;
import static io.llmtrace.policies.yaml.Shape.Need.OPTIONAL;
import static io.llmtrace.policies.yaml.Shape.Need.REQUIRED;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.sensitive.SensitiveKind;
import io.llmtrace.policies.detect.sensitive.SensitiveKinds;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Window;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.yaml.Shape;
import io.llmtrace.policies.yaml.Shape.Choice;
import io.llmtrace.policies.yaml.Shape.Decimal;
import io.llmtrace.policies.yaml.Shape.Entries;
import io.llmtrace.policies.yaml.Shape.Flag;
import io.llmtrace.policies.yaml.Shape.Items;
import io.llmtrace.policies.yaml.Shape.Section;
import io.llmtrace.policies.yaml.Shape.Single;
import io.llmtrace.policies.yaml.Shape.Text;
import io.llmtrace.policies.yaml.Shape.Whole;
import java.util.List;

/**
 * What may stand in a policy file: the one description that the reader, the JSON Schema and the
 * reference are made from. What a shape cannot say, such as that names are unique, the reader
 * checks besides. Stateless.
 */
public final class PolicySchema {
  public static final String API_VERSION = "llmtrace.io/v1";
  public static final String KIND = "Policy";

  /** Address by which the JSON Schema names itself. */
  public static final String ID = "https://llmtrace.io/schema/v1/policy.schema.json";

  private static final Section TIME =
      new Section(
          "time window",
          List.of(
              key(
                  "days",
                  OPTIONAL,
                  Items.of(new Choice("a day", days()), 7),
                  "Days on which it begins. Without: every day."),
              key("from", OPTIONAL, clock(), "First minute, such as `08:00`. Without: `00:00`."),
              key(
                  "to",
                  OPTIONAL,
                  clock(),
                  "First minute after it. A time that is not later than `from` is on the next day."
                      + " Without: `00:00`."),
              key(
                  "zone",
                  REQUIRED,
                  Text.of("a time zone such as Europe/Berlin or UTC", 64, "[A-Za-z0-9_+/:-]{1,64}"),
                  "Time zone of the clock, such as `Europe/Berlin`.")));

  private static final Section MATCH =
      new Section(
          "match",
          List.of(
              names("tenants", "Tenants."),
              names("consumers", "The gateway's consumers."),
              names("agents", "Agents, as requests name them."),
              names("routes", "The gateway's route ids."),
              names("providers", "Providers, such as `openai`."),
              names("models", "Models, as clients name them."),
              key("zones", OPTIONAL, ZONES, "The request has text in one of these zones."),
              names("tools", "The request offers the model one of these tools."),
              key(
                  "headers",
                  OPTIONAL,
                  new Entries(
                      Text.of(
                          "the name of a header in lower case", 100, "[a-z0-9][a-z0-9_-]{0,99}"),
                      new Items(PATTERN_OF_NAMES, 1, PolicyLimits.MOST_HEADERS, Single.ACCEPTED),
                      PolicyLimits.MOST_HEADERS),
                  "Request headers by name in lower case, each with one of these values. Headers"
                      + " that carry credentials cannot be asked for."),
              key("time", OPTIONAL, TIME, "Hours of the week.")));

  private static final Section FINDINGS =
      new Section(
          "selection of findings",
          List.of(
              key(
                  "types",
                  OPTIONAL,
                  Items.of(TYPE, FindingType.values().length),
                  "Of these types."),
              key(
                  "groups",
                  OPTIONAL,
                  Items.of(
                      choice(
                          "a group of finding types",
                          FindingType.Group.values(),
                          PolicyValues::lower),
                      FindingType.Group.values().length),
                  "Of a type of these groups. With `types` as well, one of both is enough."),
              names(
                  "rules",
                  "Found by these rules of a detector: ids of signatures, kinds of secrets and"
                      + " personal data, or names of this policy's `patterns`."),
              names("detectors", "Found by these detectors."),
              key("zones", OPTIONAL, ZONES, "In text of these zones."),
              key("severity", OPTIONAL, SEVERITY, "As bad as this, or worse."),
              key("confidence", OPTIONAL, new Decimal(0, 1), "As sure as this, or surer.")));

  private static final Shape.Either SELECTION =
      new Shape.Either(Items.of(TYPE, FindingType.values().length), FINDINGS);

  private static final Section RULE =
      new Section(
          "rule",
          List.of(
              key("name", REQUIRED, NAME, "Unique in the policy. Records and answers name it."),
              key("description", OPTIONAL, DESCRIPTION, "For people."),
              key("match", OPTIONAL, MATCH, "Exchanges it is for. Without: all of the policy's."),
              key(
                  "findings",
                  OPTIONAL,
                  SELECTION,
                  "The findings it acts on, and takes: no rule below sees them. A list is short for"
                      + " `types`. Without: it acts on the exchange as a whole."),
              key(
                  "when",
                  OPTIONAL,
                  CONDITION,
                  "A condition in CEL that must hold as well. It sees all findings that count."),
              key(
                  "action",
                  REQUIRED,
                  ACTION,
                  "What it does. Of all rules that act, the strictest wins: `block`, `limit`,"
                      + " `redact`, `flag`, `allow`."),
              key(
                  "limit",
                  OPTIONAL,
                  new Section(
                      "limit",
                      List.of(
                          key(
                              "requests_per_minute",
                              REQUIRED,
                              new Whole(1, 1_000_000),
                              "What passes in a minute."),
                          key(
                              "by",
                              OPTIONAL,
                              DIMENSIONS,
                              "What is counted by; each value has its own allowance. Without: all"
                                  + " together."))),
                  "Only with `action: limit`: what passes before it holds. Without: nothing."),
              key(
                  "message",
                  OPTIONAL,
                  MESSAGE,
                  "What the caller reads, instead of the policy's message. Only with `block` and"
                      + " `limit`."),
              key(
                  "block_style",
                  OPTIONAL,
                  STYLE,
                  "How this block is answered. Only with `action: block`."),
              key(
                  "locked",
                  OPTIONAL,
                  new Flag(),
                  "Whether a nearer layer may neither replace nor precede it.")));

  private static final Section POLICY =
      new Section(
          "policy",
          List.of(
              key("apiVersion", REQUIRED, Choice.of("a version", API_VERSION), "Of the language."),
              key("kind", REQUIRED, Choice.of("a kind", KIND), "Always `Policy`."),
              key("metadata", REQUIRED, metadata(), "What people want to know of it."),
              key(
                  "mode",
                  OPTIONAL,
                  choice("a mode", Mode.values(), Mode::label),
                  "`observe` records what would be done and lets everything pass; `enforce` does"
                      + " it. Without: that of the layer below, which is `observe`."),
              key(
                  "profile",
                  OPTIONAL,
                  choice("a profile", Profile.values(), Profile::label),
                  "How careful the detectors of attacks are: `relaxed` gives few false alarms,"
                      + " `strict` misses little. Without: `balanced`."),
              key(
                  "match",
                  OPTIONAL,
                  MATCH,
                  "Exchanges the policy is for. Others are decided by the layer below."),
              key(
                  "thresholds",
                  OPTIONAL,
                  new Entries(TYPE, new Decimal(0, 1), FindingType.values().length),
                  "By finding type: findings less sure than this do not count."),
              key(
                  "on_uninspectable",
                  OPTIONAL,
                  choice("an answer", UninspectableAction.values(), UninspectableAction::label),
                  "What becomes of requests that cannot be read. Without: `pass`."),
              key(
                  "block_style",
                  OPTIONAL,
                  STYLE,
                  "How blocks are answered: `error` 400 in the caller's dialect, `refusal` 200 with"
                      + " a refusal as the model's answer, `forbidden` 403. Without: `error`."),
              key(
                  "messages",
                  OPTIONAL,
                  new Entries(
                      choice("a kind of answer", MessageKind.values(), MessageKind::label),
                      MESSAGE,
                      MessageKind.values().length),
                  "What callers read, by kind of answer."),
              key("models", OPTIONAL, lists("models"), "Models that may be asked."),
              key("tools", OPTIONAL, lists("tools"), "Tools that may be offered to the model."),
              key(
                  "patterns",
                  OPTIONAL,
                  Items.of(pattern(), PolicyLimits.MOST_PATTERNS),
                  "Texts to look for beside the detectors. Findings have the type"
                      + " `custom_pattern`, the detector `policy` and the pattern's name as rule."),
              key(
                  "sensitive",
                  OPTIONAL,
                  new Entries(
                      new Choice(
                          "a kind of secret or personal data",
                          SensitiveKinds.all().stream().map(SensitiveKind::id).toList()),
                      choice(
                          "an action",
                          new Action[] {Action.ALLOW, Action.FLAG, Action.REDACT, Action.BLOCK},
                          Action::label),
                      SensitiveKinds.all().size()),
                  "By kind of secret or personal data: what is done with what the rules have left."),
              key(
                  "rules",
                  OPTIONAL,
                  Items.of(RULE, PolicyLimits.MOST_RULES),
                  "Read from top to bottom."),
              key(
                  "budgets",
                  OPTIONAL,
                  Items.of(budget(), PolicyLimits.MOST_BUDGETS),
                  "What may be spent by the exchanges that the policy is for."),
              key(
                  "exceptions",
                  OPTIONAL,
                  Items.of(exception(), PolicyLimits.MOST_EXCEPTIONS),
                  "Findings that do not count, for a while."),
              key(
                  "defaults",
                  OPTIONAL,
                  choice("on or off", Defaults.values(), Defaults::label),
                  "Whether the built-in rules decide about findings that these rules leave. Without:"
                      + " `on`.")));

  private PolicySchema() {}

  /** A policy file. */
  public static Section policy() {
    return POLICY;
  }

  private static Section metadata() {
    return new Section(
        "metadata",
        List.of(
            key("name", REQUIRED, NAME, "Unique in the tenant. Routes name it."),
            key("description", OPTIONAL, DESCRIPTION, "For people."),
            key("owner", OPTIONAL, OWNER, "Who answers for it."),
            key(
                "labels",
                OPTIONAL,
                new Entries(
                    Text.of("a label's name", 63, "[A-Za-z0-9][A-Za-z0-9._/-]{0,62}"),
                    Text.line("a label's value", 200),
                    PolicyLimits.MOST_LABELS),
                "Of one's own.")));
  }

  private static Section lists(String what) {
    return new Section(
        "list of " + what,
        List.of(
            names("allow", "All others are denied."),
            names("deny", "Never allowed, whatever `allow` says."),
            key(
                "action",
                OPTIONAL,
                choice("an action", new Action[] {Action.FLAG, Action.BLOCK}, Action::label),
                "What is done with an exchange that uses another. Without: `block`.")));
  }

  private static Section pattern() {
    return new Section(
        "pattern",
        List.of(
            key("name", REQUIRED, NAME, "Unique in the policy; the rule of its findings."),
            key(
                "pattern",
                REQUIRED,
                Text.line("a pattern in RE2's syntax", PolicyLimits.LONGEST_PATTERN),
                "In RE2's syntax, which takes linear time: no look-around, no back references."),
            key("zones", OPTIONAL, ZONES, "Where to look. Without: everywhere."),
            key("severity", OPTIONAL, SEVERITY, "Of its findings. Without: `medium`.")));
  }

  private static Section budget() {
    return new Section(
        "budget",
        List.of(
            key("name", REQUIRED, NAME, "Unique in the policy."),
            key(
                "usd",
                REQUIRED,
                new Entries(
                    choice("a window", Window.values(), Window::label),
                    new Decimal(0.01, 1_000_000_000),
                    Window.values().length),
                "Dollars by rolling window: `hour`, `day`, `week`, `month`."),
            key(
                "by",
                OPTIONAL,
                DIMENSIONS,
                "What is counted by; each value has its own budget. Without: all together."),
            key(
                "action",
                OPTIONAL,
                choice("flag or limit", Limit.Action.values(), Limit.Action::label),
                "What is done with an exchange that is over it. Without: `limit`.")));
  }

  private static Section exception() {
    return new Section(
        "exception",
        List.of(
            key("name", REQUIRED, NAME, "Unique in the policy."),
            key("owner", REQUIRED, OWNER, "Who answers for it."),
            key("reason", OPTIONAL, DESCRIPTION, "Why."),
            key(
                "expires",
                REQUIRED,
                Text.of("a date such as 2027-01-31", 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
                "The first day (UTC) on which it holds no more."),
            key("match", OPTIONAL, MATCH, "Exchanges it is for. Without: all of the policy's."),
            key("findings", OPTIONAL, SELECTION, "Which findings. Without: all."),
            key("when", OPTIONAL, CONDITION, "A condition in CEL that must hold as well.")));
  }
}
