package io.llmtrace.cli.alerts;

import static io.llmtrace.cli.alerts.Screen.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** What people do about noise. */
final class SilenceCommands {
  private static final String SILENCES = "silences";

  private SilenceCommands() {}

  /** {@code alerts silence}. */
  @Command(
      name = "silence",
      description = {
        "Keeps incidents from being told for a time; those that still go on are told then.",
        "Windows that come again each day or week are made by the API."
      },
      mixinStandardHelpOptions = true)
  static final class Silence extends ApiCommand {
    /** Which incidents. */
    static final class Which {
      @Option(
          names = "--incident",
          paramLabel = "ID",
          description = "This one, and what comes of its rule with the same labels.")
      private @Nullable String incident;

      @Option(
          names = "--match",
          paramLabel = "LABEL=VALUE",
          description =
              "Those with this label; rule and severity are labels too. Given again, all labels"
                  + " must match, and one of the values of each.")
      private List<String> match = new ArrayList<>();
    }

    @ArgGroup(multiplicity = "1", exclusive = true)
    @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
    private Which which;

    @Option(
        names = "--for",
        paramLabel = "TIME",
        required = true,
        converter = Time.class,
        description = "From now on, such as 30m, 2h, 1h30m or 3d.")
    @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
    private Duration time;

    @Option(
        names = "--tenant",
        paramLabel = "TENANT",
        defaultValue = "",
        description = {
          "Incidents of this tenant only. Default: the incident's; with --match those of all, which"
              + " only callers of all tenants may silence."
        })
    private String tenant = "";

    @Option(names = "--comment", paramLabel = "TEXT", required = true, description = "Why.")
    private String comment = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      ObjectNode asked = body(comment);
      ObjectNode matchers = asked.putObject("matchers");
      String whose = which.incident == null ? tenant : of(api, which.incident, matchers);
      if (which.incident == null) {
        for (String each : which.match) {
          int equals = each.indexOf('=');
          if (equals < 1) {
            throw new RefusedException(Exit.WRONG, "--match: expected label=value, was " + each);
          }
          matchers.withArray(each.substring(0, equals)).add(each.substring(equals + 1));
        }
      }
      if (!whose.isEmpty()) {
        asked.put("tenant", whose);
      }
      asked.put("ends_at", Instant.now().plus(time).truncatedTo(ChronoUnit.SECONDS).toString());
      JsonNode made = api.post(asked, SILENCES);
      show(
          screen,
          made,
          () -> screen.line("silent until " + text(made, "until") + "  " + text(made, "id")));
    }

    /** Puts what makes up the incident into the matchers, and says whose it is. */
    private String of(AlertApi api, String id, ObjectNode matchers) throws RefusedException {
      JsonNode incident = api.get(IncidentCommands.INCIDENTS, id);
      String whose = text(incident, "tenant");
      if (!tenant.isEmpty() && !tenant.equals(whose)) {
        throw new RefusedException(
            Exit.WRONG,
            "--tenant: the incident is "
                + (whose.isEmpty() ? "of the whole installation" : "of " + whose));
      }
      matchers.putArray("rule").add(text(incident, "rule"));
      for (Map.Entry<String, JsonNode> label : incident.path("labels").properties()) {
        if (!label.getKey().equals("tenant")) {
          matchers.putArray(label.getKey()).add(label.getValue().asText());
        }
      }
      return whose;
    }
  }

  /** {@code alerts silences}. */
  @Command(
      name = SILENCES,
      description = "Lists silences that are not over, newest first.",
      mixinStandardHelpOptions = true)
  static final class Silences extends ApiCommand {
    @Option(names = "--all", description = "Those that are over too.")
    private boolean all;

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "100",
        converter = Limit.class,
        description = "At most so many. Default: ${DEFAULT-VALUE}.")
    private int limit;

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      show(
          screen,
          api.list(SILENCES, given("state", all ? "" : "running"), limit),
          List.of("ID", "STATE", "TENANT", "STARTS", "UNTIL", "MATCHES", "BY", "COMMENT"),
          each ->
              List.of(
                  text(each, "id"),
                  text(each, "state")
                      + (text(each, "every").equals("once")
                          ? ""
                          : ", every " + text(each, "every")),
                  text(each, "tenant"),
                  text(each, "starts_at"),
                  text(each, "until"),
                  matchers(each.path("matchers")),
                  text(each, "created_by"),
                  text(each, "comment")));
    }

    private static String matchers(JsonNode matchers) {
      List<String> all = new ArrayList<>();
      for (Map.Entry<String, JsonNode> each : matchers.properties()) {
        List<String> values = new ArrayList<>();
        if (each.getValue() instanceof ArrayNode list) {
          list.forEach(value -> values.add(value.asText()));
        }
        all.add(each.getKey() + "=" + String.join("|", values));
      }
      return all.isEmpty() ? "all" : String.join(" ", all);
    }
  }

  /** {@code alerts end-silence}. */
  @Command(
      name = "end-silence",
      description = "Ends a silence now.",
      mixinStandardHelpOptions = true)
  static final class EndSilence extends ApiCommand {
    @Parameters(paramLabel = "ID", description = "The silence's.")
    private String id = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      JsonNode ended = api.post(body(""), SILENCES, id, "end");
      show(screen, ended, () -> screen.line(text(ended, "state") + "  " + id));
    }
  }

  /** Reads {@code 30m}, {@code 2h}, {@code 1h30m}, {@code 3d}. Stateless. */
  static final class Time implements ITypeConverter<Duration> {
    private static final Pattern TIME =
        Pattern.compile("(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?");

    @Override
    public Duration convert(String text) {
      Matcher time = TIME.matcher(text);
      Duration sum =
          !time.matches()
              ? Duration.ZERO
              : Duration.ofDays(number(time.group(1)))
                  .plusHours(number(time.group(2)))
                  .plusMinutes(number(time.group(3)));
      if (sum.isZero()) {
        throw new TypeConversionException("expected a time such as 30m, 2h, 1h30m or 3d");
      }
      return sum;
    }

    private static long number(@Nullable String digits) {
      return digits == null ? 0 : Long.parseLong(digits);
    }
  }
}
