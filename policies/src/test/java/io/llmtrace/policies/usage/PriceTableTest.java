package io.llmtrace.policies.usage;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Usage;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PriceTableTest {
  private static final LocalDate DAY = LocalDate.of(2026, 4, 1);

  private final PriceTable table = PriceTable.builtIn();

  @Test
  void a_date_or_a_version_behind_a_name_is_the_same_model() {
    assertThat(model("openai", "gpt-4o-2024-08-06")).contains("gpt-4o");
    assertThat(model("openai", "gpt-4o-2024-05-13")).contains("gpt-4o-2024-05-13");
    assertThat(model("openai", "GPT-4o")).contains("gpt-4o");
    assertThat(model("azure_openai", "gpt-4o-mini-2024-07-18")).contains("gpt-4o-mini");
    assertThat(model("anthropic", "claude-sonnet-4-20250514")).contains("claude-sonnet-4");
    assertThat(model("anthropic", "claude-sonnet-4-5-20250929")).contains("claude-sonnet-4-5");
    assertThat(model("anthropic", "claude-3-5-haiku-latest")).contains("claude-3-5-haiku");
    assertThat(model("vertex_ai", "claude-sonnet-4@20250514")).contains("claude-sonnet-4");
    assertThat(model("gemini", "models/gemini-2.0-flash-001")).contains("gemini-2.0-flash");
  }

  @Test
  void ids_of_bedrock_are_known_with_region_version_and_arn() {
    assertThat(model("bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0"))
        .contains("anthropic.claude-3-5-sonnet");
    assertThat(model("bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"))
        .contains("anthropic.claude-sonnet-4");
    assertThat(
            model(
                "bedrock",
                "arn:aws:bedrock:us-east-1:000000000000:inference-profile/eu.amazon.nova-lite-v1:0"))
        .contains("amazon.nova-lite");
  }

  @Test
  void another_model_with_the_same_beginning_has_no_price() {
    assertThat(model("openai", "gpt-4o-audio-preview")).isEmpty();
    assertThat(model("openai", "gpt-4-32k")).isEmpty();
    assertThat(model("openai", "ft:gpt-4o-2024-08-06:acme::abc")).isEmpty();
    assertThat(model("openai", "llama-3.3-70b-versatile")).isEmpty();
    assertThat(model("azure_openai", "prod-chat")).isEmpty();
    assertThat(model("ollama", "gpt-4o")).isEmpty();
    assertThat(cost(table, "openai", "gpt-99", new Usage(10, 10))).isEmpty();
  }

  @Test
  void own_prices_come_first_and_may_end_in_a_star() {
    PriceTable own =
        PriceTable.with(
            List.of(
                price("openai", "gpt-4o", "1"),
                price("openai", "ft:gpt-4o*", "3.75"),
                price("ollama", "*", "0"),
                price("ollama", "big-*", "0.5")));
    assertThat(find(own, "openai", "gpt-4o-2024-08-06").orElseThrow().input())
        .isEqualByComparingTo("1");
    assertThat(find(own, "openai", "ft:gpt-4o-mini:acme::abc").orElseThrow().input())
        .isEqualByComparingTo("3.75");
    assertThat(cost(own, "ollama", "anything", new Usage(10, 10)).orElseThrow())
        .isEqualByComparingTo("0");
    assertThat(find(own, "ollama", "big-one").orElseThrow().input()).isEqualByComparingTo("0.5");
    assertThat(find(own, "openai", "gpt-4.1").orElseThrow().input()).isEqualByComparingTo("2");
  }

  @Test
  void cached_tokens_are_not_charged_twice() {
    // 1,000 of the prompt: 600 read from the cache, 100 written to it, 300 neither.
    assertThat(
            cost(table, "anthropic", "claude-sonnet-4-6", new Usage(1_000, 50, 600, 100, 20))
                .orElseThrow())
        .isEqualByComparingTo(
            new BigDecimal("0.000900")
                .add(new BigDecimal("0.000180"))
                .add(new BigDecimal("0.000375"))
                .add(new BigDecimal("0.000750")));
  }

  @Test
  void what_has_no_price_of_its_own_costs_as_input() {
    assertThat(cost(table, "openai", "gpt-4-turbo", new Usage(100, 0, 40, 0, 0)).orElseThrow())
        .isEqualByComparingTo("0.001");
  }

  @Test
  void a_prompt_that_is_longer_than_the_price_is_for_has_no_cost() {
    assertThat(cost(table, "gemini", "gemini-2.5-pro", new Usage(200_000, 1))).isPresent();
    assertThat(cost(table, "gemini", "gemini-2.5-pro", new Usage(200_001, 1))).isEmpty();
  }

  @Property
  void a_thousand_small_exchanges_cost_exactly_a_thousand_times_one(
      @ForAll @LongRange(max = 10_000) long prompt, @ForAll @LongRange(max = 10_000) long output) {
    BigDecimal one = cost(table, "openai", "gpt-4o-mini", new Usage(prompt, output)).orElseThrow();
    assertThat(
            cost(table, "openai", "gpt-4o-mini", new Usage(1_000 * prompt, 1_000 * output))
                .orElseThrow())
        .isEqualByComparingTo(one.multiply(BigDecimal.valueOf(1_000)));
  }

  @Test
  void what_was_said_at_the_control_plane_comes_before_the_file_and_by_day_and_tenant() {
    PriceTable said =
        PriceTable.with(List.of(price("openai", "gpt-4o", "9")))
            .with(
                new PriceOverrides(
                    7,
                    List.of(
                        override("a", null, "3", "2026-02-01", null),
                        override("b", "acme", "1", "2026-02-10", "2026-03-01"))));
    assertThat(source(said, "acme", "2026-01-31")).isEqualTo("file 9");
    assertThat(source(said, "acme", "2026-02-01")).isEqualTo("a 3");
    assertThat(source(said, "acme", "2026-02-10")).isEqualTo("b 1");
    assertThat(source(said, "acme", "2026-02-28")).isEqualTo("b 1");
    assertThat(source(said, "acme", "2026-03-01")).isEqualTo("a 3");
    assertThat(source(said, "globex", "2026-02-10")).isEqualTo("a 3");
    assertThat(said.find("acme", "openai", "gpt-99", DAY)).as("still not known").isEmpty();
    Priced priced =
        said.cost("acme", "openai", "gpt-4o", DAY, new Usage(1_000_000, 0)).orElseThrow();
    assertThat(priced.usd()).isEqualByComparingTo("3");
    assertThat(priced.by()).isEqualTo(new PricedBy("stored", "2026-02-01", "a", 4L));
  }

  private static PriceOverride override(
      String id, String tenant, String input, String from, String until) {
    BigDecimal amount = new BigDecimal(input);
    return new PriceOverride(
        id, tenant, "openai", "gpt-4o", amount, null, null, amount, null, from, until, "ours", 4);
  }

  private static String source(PriceTable table, String tenant, String day) {
    ListedPrice found =
        table.find(tenant, "openai", "gpt-4o-2024-08-06", LocalDate.parse(day)).orElseThrow();
    String id = found.by().id();
    return (id == null ? found.by().source() : id) + " " + found.price().input();
  }

  private static Optional<Price> find(PriceTable table, String provider, String model) {
    return table.find("default", provider, model, DAY).map(ListedPrice::price);
  }

  private static Optional<BigDecimal> cost(
      PriceTable table, String provider, String model, Usage usage) {
    return table.cost("default", provider, model, DAY, usage).map(Priced::usd);
  }

  private Optional<String> model(String provider, String model) {
    return find(table, provider, model).map(Price::model);
  }

  private static Price price(String provider, String model, String input) {
    BigDecimal amount = new BigDecimal(input);
    return new Price(
        provider, model, amount, null, null, amount, null, LocalDate.of(2026, 1, 1), "ours");
  }
}
