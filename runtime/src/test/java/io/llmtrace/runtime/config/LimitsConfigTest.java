package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Window;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitsConfigTest {
  private static final Map<String, String> ENV = Map.of("HOSTNAME", "gw-1");

  @Test
  void what_is_said_of_limits_is_what_the_limiter_gets() throws Exception {
    List<Limit> limits =
        read("""
                limits:
                  - name: per-consumer
                    by: [consumer]
                    requests_per_minute: 600
                    tokens_per_minute: 200_000
                    concurrent: 20
                    action: flag
                  - name: monthly-budget
                    by: [tenant, model]
                    match: {model: "gpt-4*", tenant: [acme, globex]}
                    cost_usd: {month: 5000, day: 400.5, unknown: block}
                  - name: request-size
                    prompt_tokens: 32000
                    completion_tokens: 4000
                    total_tokens: 36000
                """)
            .limits();
    assertThat(limits).hasSize(3);
    Limit consumer = limits.get(0);
    assertThat(consumer.by()).containsExactly(Dimension.CONSUMER);
    assertThat(consumer.action()).isEqualTo(Limit.Action.FLAG);
    assertThat(consumer.rates()).isEqualTo(new Limit.Rates(600, 200_000, 20));
    Limit budget = limits.get(1);
    assertThat(budget.action()).isEqualTo(Limit.Action.LIMIT);
    assertThat(budget.by()).containsExactly(Dimension.TENANT, Dimension.MODEL);
    assertThat(budget.match())
        .containsEntry(Dimension.MODEL, List.of("gpt-4*"))
        .containsEntry(Dimension.TENANT, List.of("acme", "globex"));
    assertThat(budget.budget().usd()).isEqualTo(Map.of(Window.MONTH, 5000.0, Window.DAY, 400.5));
    assertThat(budget.budget().unknown()).isEqualTo(Limit.UnknownCost.BLOCK);
    assertThat(limits.get(2).size()).isEqualTo(new Limit.Size(32_000, 4_000, 36_000));
  }

  @Test
  void a_limit_that_nodes_share_says_what_holds_alone() throws Exception {
    Limit limit =
        read("""
                limits:
                  - {name: one, by: [tenant], requests_per_minute: 6, nodes: share, alone: closed}
                """)
            .limits()
            .get(0);
    assertThat(limit.nodes()).isEqualTo(Limit.Nodes.SHARE);
    assertThat(limit.alone()).isEqualTo(Limit.Alone.CLOSED);
    assertThat(
            problems(
                """
                limits:
                  - {name: a, requests_per_minute: 6, alone: open}
                  - {name: b, prompt_tokens: 6, nodes: share}
                  - {name: c, concurrent: 6, cost_usd: {day: 5}, nodes: share}
                """))
        .anyMatch(each -> each.contains("limits[0].alone") && each.contains("nodes: share"))
        .anyMatch(each -> each.contains("limits[1].nodes") && each.contains("requests_per_minute"))
        .anyMatch(each -> each.contains("limits[2].cost_usd") && each.contains("budget"));
  }

  @Test
  void what_is_wrong_with_a_limit_is_said_with_its_place() {
    assertThat(
            problems(
                """
                limits:
                  - name: Per Consumer
                    by: [consumers, tenant, tenant]
                    requests_per_minute: 0
                    action: block
                  - name: nothing
                  - name: budget
                    cost_usd: {unknown: block}
                  - name: budget
                    match: {model: []}
                    cost_usd: {year: 5, hour: 0}
                    request_per_minute: 5
                  - concurrent: 1
                """))
        .containsExactly(
            "2 limits[0].name expected a name of lower-case letters, digits, dots, dashes and"
                + " underscores, was \"Per Consumer\"",
            "3 limits[0].by[0] expected one of tenant, consumer, route, model, agent, was"
                + " \"consumers\" (did you mean consumer?)",
            "3 limits[0].by[2] expected each once",
            "4 limits[0].requests_per_minute expected an integer from 1 to 1000000000, was \"0\"",
            "5 limits[0].action expected one of flag, limit, was \"block\"",
            "6 limits[1] expected something to limit: requests_per_minute, tokens_per_minute,"
                + " concurrent, cost_usd, prompt_tokens, completion_tokens, total_tokens",
            "8 limits[2].cost_usd.unknown expected dollars for hour, day, week or month beside it",
            "9 limits[3].name expected different names, there are two 'budget'",
            "10 limits[3].match.model expected a value or more",
            "11 limits[3].cost_usd.year unknown key, expected one of day, hour, month, unknown, week",
            "11 limits[3].cost_usd.hour expected a number from 0.01 to 9999999.0, was \"0\"",
            "12 limits[3].request_per_minute unknown key, expected \"requests_per_minute\"?",
            "13 limits[4].name expected a name of lower-case letters, digits, dots, dashes and"
                + " underscores");
  }

  @Test
  void sources_of_an_identity() throws Exception {
    IdentityConfig identity =
        read("""
                plugin:
                  identity:
                    tenant: [consumer, claim:https://acme.example/tenant, claim:org@X-Access-Token]
                    agent: [header:X-Agent-Id, key_hash]
                """)
            .plugin()
            .identity();
    assertThat(identity.tenant())
        .containsExactly(
            new IdentitySource.Consumer(),
            new IdentitySource.Claim("https://acme.example/tenant", "authorization"),
            new IdentitySource.Claim("org", "x-access-token"));
    assertThat(identity.agent())
        .containsExactly(new IdentitySource.Header("x-agent-id"), new IdentitySource.KeyHash());
    assertThat(identity.tenant())
        .extracting(IdentitySource::text)
        .contains("claim:org@x-access-token");
    assertThat(read("").plugin().identity()).isEqualTo(IdentityConfig.none());
  }

  @Test
  void a_source_that_is_none_is_refused() {
    assertThat(
            problems(
                """
                plugin:
                  identity:
                    tenant: [cookie, "header:", "header:x y", claim:, consumer, consumer]
                    user: [consumer]
                """))
        .hasSize(6)
        .contains(
            "3 plugin.identity.tenant[0] expected consumer, header:NAME, key_hash, claim:NAME or"
                + " claim:NAME@HEADER, was \"cookie\"",
            "3 plugin.identity.tenant[5] expected each source once",
            "4 plugin.identity.user unknown key, expected one of agent, tenant");
  }

  private static LlmtraceConfig read(String yaml) throws ConfigException {
    return ConfigFile.parse("llmtrace.yaml", yaml, ENV, ConfigFile.Role.BOTH);
  }

  private static List<String> problems(String yaml) {
    return catchThrowableOfType(ConfigException.class, () -> read(yaml)).problems().stream()
        .map(problem -> problem.line() + " " + problem.key() + " " + problem.expectation())
        .toList();
  }
}
