package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.AlertsConfig.Escalation;
import io.llmtrace.runtime.config.AlertsConfig.Pacing;
import io.llmtrace.runtime.config.AlertsConfig.RuleConfig;
import io.llmtrace.runtime.config.ChannelConfig.Common;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code alerts}, in the three forms that there are: a section for each kind of channel, a
 * list of channels, and the older single webhook.
 */
final class AlertsReader {
  private static final int MOST_CHANNELS = 50;
  private static final int MOST_STEPS = 10;
  private static final int MOST_FILES = 50;
  private static final int LONGEST_SECONDS = 86_400;
  private static final int LONGEST_MINUTES = 10_080;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final String NAMES =
      "a name of lower-case letters, digits, dots, dashes and underscores";
  private static final Pattern RULE = Pattern.compile("[a-z][a-z0-9_]{0,63}");
  private static final Pattern MAIL = Pattern.compile("[^@\\s<>\",;]{1,64}@[^@\\s<>\",;]{1,253}");
  private static final List<String> TYPES =
      List.of("slack", "pagerduty", "webhook", "alertmanager", "teams", "email");
  private static final List<String> SEVERITIES =
      List.of("info", "low", "medium", "high", "critical");
  private static final String URL = "expected an address that starts with http:// or https://";

  private final ConfigSection root;
  private final boolean open;
  private final List<ChannelConfig> channels = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  /**
   * @param open whether files of secrets are opened; where not, channels without a secret are left
   *     out
   */
  AlertsReader(ConfigSection root, boolean open) {
    this.root = root;
    this.open = open;
  }

  AlertsConfig read() {
    Pacing standard = Pacing.defaults();
    for (String type : TYPES) {
      ConfigSection section = root.section(type);
      if (!section.keys().isEmpty()) {
        channel(section, type, type);
      }
      section.finish();
    }
    for (ConfigSection section : root.sections("channels", MOST_CHANNELS)) {
      listed(section);
    }
    Duration cooldown = older();
    AlertsConfig config =
        new AlertsConfig(
            channels,
            publicUrl(),
            root.choice("evidence", AlertsConfig.Evidence.class, AlertsConfig.Evidence.NONE),
            root.strings(
                "allow_private_targets",
                "hosts such as hooks.internal or 10.0.0.5:8443, without scheme and path",
                Targets.HOST.asMatchPredicate()),
            new Pacing(
                minutes(root, "repeat_minutes", standard.repeat(), 1),
                minutes(root, "reopen_minutes", standard.reopen(), 0),
                cooldown),
            escalation(),
            rules(root.section("rules")),
            files());
    root.finish();
    return config;
  }

  private @Nullable URI publicUrl() {
    URI none = URI.create("http://localhost");
    URI url = root.httpUrl("public_url", none);
    return url.equals(none) ? null : url;
  }

  /** The form that had one webhook and nothing else. */
  private Duration older() {
    String key = "webhook_url";
    @Nullable Secret url = root.httpUrlSecret(key, open);
    Common common = common(root, key, false);
    if (root.has(key)) {
      if (url != null) {
        add(root, key, new ChannelConfig.Webhook(common, url, null, null));
      }
    } else {
      for (String needs : List.of("min_severity", "min_security_score")) {
        if (root.has(needs)) {
          root.problem(
              needs, "expected webhook_url beside it; other channels have a " + needs + " each");
        }
      }
    }
    return Duration.ofSeconds(root.integer("cooldown_seconds", 0, 0, LONGEST_SECONDS));
  }

  private void listed(ConfigSection section) {
    String type =
        section.string(
            "type",
            "",
            "one of " + String.join(", ", TYPES),
            text -> TYPES.contains(text.toLowerCase(Locale.ROOT)));
    if (!section.has("type")) {
      section.problem("type", "expected one of " + String.join(", ", TYPES));
    }
    if (!type.isEmpty()) {
      String kind = type.toLowerCase(Locale.ROOT);
      channel(section, kind, unused(kind));
    }
    section.finish();
  }

  private String unused(String type) {
    String name = type;
    for (int i = 2; names.contains(name); i++) {
      name = type + "-" + i;
    }
    return name;
  }

  private void channel(ConfigSection section, String type, String fallbackName) {
    Common common = common(section, fallbackName, true);
    @Nullable ChannelConfig channel =
        switch (type) {
          case "slack" -> slack(section, common);
          case "pagerduty" -> pagerDuty(section, common);
          case "webhook" -> webhook(section, common);
          case "alertmanager" -> {
            @Nullable Secret url = url(section, "url");
            yield url == null ? null : new ChannelConfig.Alertmanager(common, url);
          }
          case "teams" -> {
            @Nullable Secret url = url(section, "webhook_url", "url");
            yield url == null ? null : new ChannelConfig.Teams(common, url);
          }
          default -> email(section, common);
        };
    if (channel != null) {
      add(section, "name", channel);
    }
  }

  private void add(ConfigSection section, String key, ChannelConfig channel) {
    if (!names.add(channel.common().name())) {
      section.problem(
          key, "expected different names, there are two '" + channel.common().name() + "'");
    }
    channels.add(channel);
  }

  private @Nullable ChannelConfig slack(ConfigSection section, Common common) {
    if (!section.has("token")) {
      @Nullable Secret url = url(section, "webhook_url", "url");
      return url == null ? null : new ChannelConfig.SlackWebhook(common, url);
    }
    @Nullable Secret token = section.secret("token", open);
    String channel = section.string("channel", "", "a channel's name or id", text -> true);
    if (channel.isEmpty()) {
      section.problem("channel", "expected the name or id of a channel beside token");
      return null;
    }
    URI api = section.httpUrl("api_url", URI.create("https://slack.com/api"));
    return token == null ? null : new ChannelConfig.SlackApp(common, token, channel, api);
  }

  private @Nullable ChannelConfig pagerDuty(ConfigSection section, Common common) {
    @Nullable Secret key = section.secret("routing_key", open);
    URI events = section.httpUrl("events_url", URI.create("https://events.pagerduty.com"));
    if (!section.has("routing_key")) {
      section.problem("routing_key", "expected the integration key of a service");
    }
    return key == null ? null : new ChannelConfig.PagerDuty(common, key, events);
  }

  private @Nullable ChannelConfig webhook(ConfigSection section, Common common) {
    @Nullable Secret secret = section.secret("secret", open);
    @Nullable String template = section.optionalString("template");
    @Nullable Secret url = url(section, "url", "webhook_url");
    return url == null ? null : new ChannelConfig.Webhook(common, url, secret, template);
  }

  private @Nullable ChannelConfig email(ConfigSection section, Common common) {
    String mail = "a mail address such as alerts@example.com";
    ChannelConfig.Tls tls =
        section.choice("tls", ChannelConfig.Tls.class, ChannelConfig.Tls.STARTTLS);
    int port =
        section.integer(
            "port",
            switch (tls) {
              case STARTTLS -> 587;
              case TLS -> 465;
              case NONE -> 25;
            },
            1,
            65_535);
    String host = section.string("host", "", "a host name", Targets.HOST.asMatchPredicate());
    @Nullable String user = section.optionalString("user");
    @Nullable Secret password = section.secret("password", open);
    String from = section.string("from", "", mail, MAIL.asMatchPredicate());
    Set<String> to = section.strings("to", mail, MAIL.asMatchPredicate());
    for (String needed : List.of("host", "from", "to")) {
      if (!section.has(needed)) {
        section.problem(needed, "expected " + (needed.equals("host") ? "a host name" : mail));
      }
    }
    if (user != null && tls == ChannelConfig.Tls.NONE) {
      section.problem("user", "expected tls beside it: a password must not travel in the open");
    }
    return host.isEmpty() || from.isEmpty() || to.isEmpty()
        ? null
        : new ChannelConfig.Email(common, host, port, tls, user, password, from, List.copyOf(to));
  }

  /** An address that is a credential, by any of its names. */
  private @Nullable Secret url(ConfigSection section, String... keys) {
    @Nullable Secret url = null;
    boolean given = false;
    for (String key : keys) {
      @Nullable Secret one = section.httpUrlSecret(key, open);
      if (given && section.has(key)) {
        section.problem(key, "expected once, " + keys[0] + " says the same");
      }
      given |= section.has(key);
      url = url == null ? one : url;
    }
    if (!given) {
      section.problem(keys[0], URL);
    }
    return url;
  }

  private Common common(ConfigSection section, String fallbackName, boolean whole) {
    Common standard = Common.of(fallbackName);
    String name =
        whole
            ? section.string("name", fallbackName, NAMES, text -> NAME.matcher(text).matches())
            : fallbackName;
    String severity =
        section.string(
            "min_severity",
            standard.minSeverity().label(),
            "one of " + String.join(", ", SEVERITIES),
            text -> SEVERITIES.contains(text.toLowerCase(Locale.ROOT)));
    int score = section.integer("min_security_score", standard.minSecurityScore(), 0, 100);
    if (!whole) {
      return new Common(
          name,
          Severity.of(severity),
          score,
          Map.of(),
          standard.messagesPerMinute(),
          standard.resolved());
    }
    return new Common(
        name,
        Severity.of(severity),
        score,
        match(section.section("match")),
        section.integer("messages_per_minute", standard.messagesPerMinute(), 1, 10_000),
        section.bool("resolved", standard.resolved()));
  }

  private static Map<String, Set<String>> match(ConfigSection section) {
    Map<String, Set<String>> match = new LinkedHashMap<>();
    for (String label : section.keys()) {
      Set<String> values = new LinkedHashSet<>();
      section
          .itemOrItems(label, "values of the label", MOST_CHANNELS)
          .forEach(item -> values.add(item.text()));
      match.put(label, Set.copyOf(values));
    }
    section.finish();
    return match;
  }

  private List<Escalation> escalation() {
    List<Escalation> steps = new ArrayList<>();
    for (ConfigSection section : root.sections("escalation", MOST_STEPS)) {
      Duration after = minutes(section, "after_minutes", Duration.ZERO, 1);
      if (!section.has("after_minutes")) {
        section.problem("after_minutes", "expected minutes as an integer");
      }
      Set<String> to = new LinkedHashSet<>();
      for (ConfigKeys.Item item :
          section.itemOrItems("channels", "names of channels", MOST_CHANNELS)) {
        to.add(item.text());
        if (open && !names.contains(item.text())) {
          section.problem(
              item,
              "expected the name of a channel"
                  + (names.isEmpty() ? ", there is none" : ": " + String.join(", ", names)));
        }
      }
      if (to.isEmpty()) {
        section.problem("channels", "expected names of channels");
      }
      section.finish();
      if (!steps.isEmpty() && after.compareTo(steps.get(steps.size() - 1).after()) <= 0) {
        section.problem("after_minutes", "expected more than the step before");
      }
      steps.add(new Escalation(after, to));
    }
    return steps;
  }

  private static Map<String, RuleConfig> rules(ConfigSection section) {
    Map<String, RuleConfig> rules = new LinkedHashMap<>();
    for (String name : section.keys()) {
      ConfigSection rule = section.section(name);
      if (!RULE.matcher(name).matches()) {
        rule.problem("", "expected a rule's name, such as high_error_rate");
      }
      rules.put(
          name,
          new RuleConfig(
              given(rule, "enabled", rule.bool("enabled", true)),
              given(rule, "threshold", rule.number("threshold", 0, 0, 999_999_999)),
              given(rule, "until", rule.number("until", 0, 0, 999_999_999)),
              seconds(rule, "window_seconds", 10),
              seconds(rule, "for_seconds", 0),
              seconds(rule, "keep_seconds", 0),
              severity(rule),
              given(rule, "by", by(rule))));
      rule.finish();
    }
    section.finish();
    return rules;
  }

  /** Null where the key is absent: every key is asked for, so that wrong ones are told. */
  private static <T> @Nullable T given(ConfigSection section, String key, T value) {
    return section.has(key) ? value : null;
  }

  private static @Nullable Duration seconds(ConfigSection section, String key, int least) {
    return given(section, key, Duration.ofSeconds(section.integer(key, least, least, 3_600)));
  }

  private static @Nullable Severity severity(ConfigSection section) {
    return given(
        section,
        "severity",
        Severity.of(
            section.string(
                "severity",
                "medium",
                "one of " + String.join(", ", SEVERITIES),
                text -> SEVERITIES.contains(text.toLowerCase(Locale.ROOT)))));
  }

  private static List<String> by(ConfigSection section) {
    return section.itemOrItems("by", "labels such as tenant and route", 4).stream()
        .map(ConfigKeys.Item::text)
        .toList();
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>();
    for (ConfigKeys.Item item : root.itemOrItems("rule_files", "paths", MOST_FILES)) {
      try {
        files.add(Path.of(item.text()));
      } catch (java.nio.file.InvalidPathException e) {
        root.problem(item, "expected a path (" + e.getReason() + ")");
      }
    }
    return files;
  }

  private static Duration minutes(ConfigSection section, String key, Duration fallback, int least) {
    return Duration.ofMinutes(
        section.integer(key, (int) fallback.toMinutes(), least, LONGEST_MINUTES));
  }
}
