package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmtrace.policies.usage.Price;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {
  private static final Map<String, String> ENV =
      Map.of("HOSTNAME", "gw-1", "PORT", "9999", "KEY", "s3cret");

  @TempDir Path directory;

  @Test
  void anEmptyFileIsTheDefaults() throws Exception {
    LlmtraceConfig config = read("# nothing\n");
    assertThat(config.plugin().node()).isEqualTo("gw-1");
    assertThat(config.plugin().budget()).isEqualTo(Duration.ofMillis(150));
    assertThat(config.circuitBreaker()).isEqualTo(BreakerConfig.defaults());
    assertThat(config.withPlugin(LlmtraceConfig.defaults().plugin()))
        .isEqualTo(LlmtraceConfig.defaults());
  }

  @Test
  void theGuidesBlocksWorkVerbatim() throws Exception {
    LlmtraceConfig config =
        read(
            """
            logging:
              level: debug
              format: json
            alerts:
              slack:
                webhook_url: "https://hooks.slack.com/services/T/B/X"
              pagerduty:
                routing_key: "your-pagerduty-key"
              webhook:
                url: "https://example.test/hook"
            circuit_breaker:
              enabled: true
              failure_threshold: 5
              recovery_timeout_ms: 1000
              half_open_max_calls: 2
            """);
    assertThat(config.logging())
        .isEqualTo(new LoggingConfig(LoggingConfig.Level.DEBUG, LoggingConfig.Format.JSON));
    assertThat(config.alerts().channels()).hasSize(3);
    assertThat(config.alerts().channels().get(0))
        .isInstanceOfSatisfying(
            ChannelConfig.SlackWebhook.class,
            slack -> assertThat(slack.url().reveal()).endsWith("/T/B/X"));
    assertThat(config.circuitBreaker())
        .isEqualTo(new BreakerConfig(true, 5, Duration.ofSeconds(1), 2));
    assertThat(config.toString()).doesNotContain("hooks.slack", "pagerduty-key");
  }

  @Test
  void variablesAndSizesAndSecretFilesAreRead() throws Exception {
    Path key = Files.writeString(directory.resolve("instance.key"), "lk_abc\n");
    LlmtraceConfig config =
        read(
            """
            control_plane:
              port: "${PORT}"
              database: {password: "${KEY}", pool_size: "${POOL:-4}"}
            plugin:
              control_plane_url: http://${CP:-127.0.0.1}:${PORT}
              max_body_bytes_in_memory: 64MiB
              api_key: file:%s
              tap_secret: ${TAP:-}
            """
                .formatted(key));
    assertThat(config.controlPlane().port()).isEqualTo(9999);
    assertThat(config.controlPlane().database().poolSize()).isEqualTo(4);
    assertThat(config.controlPlane().database().password().matches("s3cret")).isTrue();
    assertThat(config.plugin().controlPlaneUrl()).isEqualTo(URI.create("http://127.0.0.1:9999"));
    assertThat(config.plugin().maxBodyBytesInMemory()).isEqualTo(64L << 20);
    assertThat(config.plugin().apiKey().reveal()).isEqualTo("lk_abc");
    assertThat(config.plugin().tapSecret()).isNull();
  }

  @Test
  void everyProblemIsNamedAtOnceWithLineKeyAndExpectation() {
    assertThat(
            problems(
                """
                logging:
                  level: loud
                  formt: json
                circuit_breaker:
                  failure_threshold: 0
                  enabled: yes
                  recovery_timeout_ms: "30000"
                plugin:
                  api_key: file:/nowhere/at/all.key
                  queue: 1.5
                  queue: 7
                  spool: [1, 2]
                control_plane:
                  port: 70000
                  database: {url: "mysql://root:hunter2@db"}
                  data_directory: ${NOT_SET}
                teapot: 1
                """))
        .containsExactly(
            "f.yaml:2: logging.level: expected one of error, warn, info, debug, trace, was"
                + " \"loud\"",
            "f.yaml:3: logging.formt: unknown key, expected \"format\"?",
            "f.yaml:5: circuit_breaker.failure_threshold: expected an integer from 1 to 10000, was"
                + " \"0\"",
            "f.yaml:6: circuit_breaker.enabled: expected true or false, was \"yes\"",
            "f.yaml:7: circuit_breaker.recovery_timeout_ms: expected milliseconds as an integer"
                + " from 1 to 3600000, was text in quotes",
            "f.yaml:9: plugin.api_key: expected a file that exists at /nowhere/at/all.key",
            "f.yaml:10: plugin.queue: expected an integer from 1 to 1000000, was \"1.5\"",
            "f.yaml:11: plugin.queue: expected once, was already given on line 10",
            "f.yaml:12: plugin.spool: expected a section with keys, was a list",
            "f.yaml:14: control_plane.port: expected an integer from 0 to 65535, was \"70000\"",
            "f.yaml:15: control_plane.database.url: expected an address that starts with"
                + " jdbc:postgresql:",
            "f.yaml:16: control_plane.data_directory: expected the environment variable NOT_SET,"
                + " or a default: ${NOT_SET:-…}",
            "f.yaml:17: teapot: unknown key, expected one of alerts, circuit_breaker, control_plane,"
                + " detection, limits, logging, metrics, models, plugin, prices");
  }

  @Test
  void pricesAreReadExactlyAndWrongOnesRefusedWithTheirLine() throws Exception {
    Price price =
        read("""
            prices:
              - provider: openai
                model: ft:gpt-4o*
                input: 3.75
                cached_input: 1.875
                output: 15
                as_of: 2026-05-31
            """)
            .prices()
            .get(0);
    assertThat(price.input()).isEqualByComparingTo("3.75");
    assertThat(price.cachedInput()).isEqualByComparingTo("1.875");
    assertThat(price.cacheWrite()).isNull();
    assertThat(price.asOf()).isEqualTo("2026-05-31");

    StringBuilder many = new StringBuilder("prices:\n");
    for (int i = 0; i < 300; i++) {
      many.append("  - {provider: house, model: m").append(i).append(", input: 1, output: 2}\n");
    }
    assertThat(read(many.toString()).prices()).hasSize(300);

    assertThat(
            problems(
                """
                prices:
                  - provider: openai
                    model: g*t
                    input: cheap
                    output: 1
                  - provider: openai
                    model: gpt-4o
                    input: 1
                  - provider: mistral
                    model: small
                    input: 1
                    output: 1
                    as_of: yesterday
                """))
        .hasSize(4)
        .anyMatch(line -> line.startsWith("f.yaml:3: prices[0].model: expected a model's name"))
        .anyMatch(line -> line.startsWith("f.yaml:4: prices[0].input: expected a number from 0"))
        .anyMatch(line -> line.startsWith("f.yaml:6: prices[1].output: expected a price with"))
        .anyMatch(line -> line.startsWith("f.yaml:13: prices[2].as_of: expected a day such as"));
  }

  @Test
  void answersAreReadAndWrongOnesRefusedWithTheirLine() throws Exception {
    AnswersConfig answers =
        read("""
                plugin:
                  answers:
                    inspect: false
                    budget_ms: 40
                    allowed_hosts: [docs.example.com, "${CDN:-cdn.example.com}", intranet]
                    canary_key: "0123456789abcdef"
                """)
            .plugin()
            .answers();
    assertThat(answers.inspect()).isFalse();
    assertThat(answers.budget()).isEqualTo(Duration.ofMillis(40));
    assertThat(answers.allowedHosts())
        .containsExactlyInAnyOrder("docs.example.com", "cdn.example.com", "intranet");
    assertThat(answers.canaryKey().matches("0123456789abcdef")).isTrue();
    assertThat(answers.toString()).doesNotContain("0123456789abcdef");
    assertThat(read("").plugin().answers()).isEqualTo(AnswersConfig.defaults());

    assertThat(
            problems(
                """
                plugin:
                  answers:
                    inspect: perhaps
                    budget_ms: 0
                    allowed_hosts:
                      - https://docs.example.com
                      - "*.example.com"
                      - [a]
                    canary_key: short-1234
                    canary: x
                """))
        .containsExactly(
            "f.yaml:3: plugin.answers.inspect: expected true or false, was \"perhaps\"",
            "f.yaml:4: plugin.answers.budget_ms: expected milliseconds as an integer from 1 to"
                + " 30000, was \"0\"",
            "f.yaml:6: plugin.answers.allowed_hosts[0]: expected host names such as docs.example.com,"
                + " without scheme, port or wildcard, was \"https://docs.example.com\"",
            "f.yaml:7: plugin.answers.allowed_hosts[1]: expected host names such as docs.example.com,"
                + " without scheme, port or wildcard, was \"*.example.com\"",
            "f.yaml:8: plugin.answers.allowed_hosts[2]: expected host names such as docs.example.com,"
                + " without scheme, port or wildcard, was a list",
            "f.yaml:9: plugin.answers.canary_key: expected a secret of at least 16 bytes",
            "f.yaml:10: plugin.answers.canary: unknown key, expected one of"
                + " allowed_hosts, budget_ms, canary_key, inspect");
    assertThat(problems("plugin: {answers: {allowed_hosts: docs.example.com}}"))
        .containsExactly(
            "f.yaml:1: plugin.answers.allowed_hosts: expected a list of host names such as"
                + " docs.example.com, without scheme, port or wildcard, was a single value");
  }

  @Test
  void metricsOpenToTheNetworkNeedAWord() throws Exception {
    assertThat(problems("control_plane:\n  bind: 0.0.0.0\n"))
        .singleElement()
        .asString()
        .startsWith("f.yaml:2: control_plane.bind: expected a loopback address");
    assertThat(read("control_plane: {bind: 0.0.0.0}\nmetrics: {public: true}\n").metrics())
        .isEqualTo(new MetricsConfig(null, true));
  }

  @Test
  void theControlPlaneDoesNotOpenThePluginsSecretFiles() throws Exception {
    LlmtraceConfig config =
        ConfigFile.parse(
            "f.yaml",
            "plugin: {api_key: 'file:/nowhere/x.key'}",
            ENV,
            ConfigFile.Role.CONTROL_PLANE);
    assertThat(config.plugin().apiKey()).isNull();
  }

  @Test
  void aMigrationOpensTheDatabasesSecretFilesAlone() throws Exception {
    Path password = Files.writeString(directory.resolve("password"), "s3cret");
    String text =
        """
        metrics: {token: 'file:/nowhere/token'}
        alerts: {slack: {webhook_url: 'file:/nowhere/hook'}}
        detection: {packs: [/nowhere/pack.yaml]}
        control_plane:
          bind: 0.0.0.0
          database: {url: 'jdbc:postgresql://db/x', password: 'file:%s'}
          signing_key: file:/nowhere/receipts
          policies: {signing_keys: ['file:/nowhere/policies']}
          first_keys: {admin: 'file:/nowhere/admin', instance: 'file:/nowhere/instance'}
        plugin: {api_key: 'file:/nowhere/x.key'}
        """;
    LlmtraceConfig config =
        ConfigFile.parse("f.yaml", text.formatted(password), ENV, ConfigFile.Role.MIGRATION);
    assertThat(config.controlPlane().database().password().reveal()).isEqualTo("s3cret");
    assertThat(config.controlPlane().firstKeys().admin()).isNull();
    assertThat(config.metrics().token()).isNull();
    assertThatThrownBy(
            () ->
                ConfigFile.parse(
                    "f.yaml",
                    text.formatted(directory.resolve("absent")),
                    ENV,
                    ConfigFile.Role.MIGRATION))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("f.yaml:6: control_plane.database.password: expected a file");
  }

  @Test
  void brokenYamlIsRefusedWithItsLine() {
    assertThat(problems("logging:\n  level: [info\n"))
        .singleElement()
        .asString()
        .startsWith("f.yaml:3:");
    assertThat(problems("- a\n- b\n"))
        .containsExactly("f.yaml:1: (file): expected a section with keys, was a list");
    assertThat(problems("a: 1\n---\nb: 2\n")).hasSize(1);
  }

  @Test
  void aliasesAreBounded() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }
    assertThat(problems(bomb.toString())).singleElement().asString().contains("expected YAML");
  }

  @Test
  void aMissingFileIsAProblemOfItsOwn() {
    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class,
            () -> ConfigFile.load(directory.resolve("absent.yaml"), Map.of()));
    assertThat(refused).hasMessageEndingWith("absent.yaml:1: (file): expected a file that exists");
  }

  @Property(tries = 300)
  void anyTextIsReadOrRefusedButNeverBreaksTheReader(@ForAll String text) {
    try {
      ConfigFile.parse("f.yaml", text, ENV, ConfigFile.Role.BOTH);
    } catch (ConfigException e) {
      assertThat(e.problems()).isNotEmpty();
    }
  }

  private static LlmtraceConfig read(String text) throws ConfigException {
    return ConfigFile.parse("f.yaml", text, ENV, ConfigFile.Role.BOTH);
  }

  @Test
  void whatIsWrongAboutContentIsNamed() {
    assertThat(
            problems(
                """
                control_plane:
                  content:
                    keyring: ""
                    retention_days: 0
                plugin:
                  capture:
                    allow_full: maybe
                    max_bytes_in_memory: 1KiB
                    full: true
                """))
        .hasSize(5)
        .satisfies(
            each -> {
              assertThat(each.get(0))
                  .startsWith("f.yaml:3: control_plane.content.keyring: expected a path");
              assertThat(each.get(1)).startsWith("f.yaml:4: control_plane.content.retention_days:");
              assertThat(each.get(2)).startsWith("f.yaml:7: plugin.capture.allow_full:");
              assertThat(each.get(3)).startsWith("f.yaml:8: plugin.capture.max_bytes_in_memory:");
              assertThat(each.get(4))
                  .isEqualTo(
                      "f.yaml:9: plugin.capture.full: unknown key, expected one of allow_full,"
                          + " max_bytes_in_memory");
            });
  }

  private static List<String> problems(String text) {
    ConfigException refused = catchThrowableOfType(ConfigException.class, () -> read(text));
    return refused.problems().stream().map(ConfigProblem::toString).toList();
  }
}
