package io.llmtrace.cli.grafana;

/** What is spent, by whom, and how fast answers come. */
final class CostDashboard {
  private CostDashboard() {}

  static Dashboard make() {
    return new Dashboard(
            "llmtrace-cost",
            "LLMTrace / Cost and tokens",
            "Cost and tokens by tenant and model, how they are known, and the speed of answers.",
            Variable.JOB,
            Variable.TENANT,
            Variable.ROUTE,
            Variable.MODEL)
        .row(
            "In the time that is shown",
            Panel.number("Cost", "Of requests whose price is known.")
                .unit("currencyUSD")
                .size(6, 4)
                .now("sum(increase(llmtrace_cost_usd_total{@spender}[$__range]))", "cost"),
            Panel.number("Tokens", "Prompt and completion.")
                .size(6, 4)
                .now(
                    "sum by (type) (increase(llmtrace_tokens_total{@spender}[$__range]))",
                    "{{type}}"),
            Panel.number(
                    "Requests without a price",
                    "Their model has no price, or nobody knows their tokens. They are in no sum of"
                        + " costs.")
                .size(6, 4)
                .redFrom(1)
                .now("sum(increase(llmtrace_cost_unknown_total{@spender}[$__range]))", "unpriced"),
            Panel.number(
                    "From the provider's cache",
                    "Share of prompt tokens that the provider had in its cache.")
                .unit("percentunit")
                .size(6, 4)
                .now(
                    "sum(increase(llmtrace_token_details_total{@spender,type=\"cached\"}[$__range]))"
                        + " / sum(increase(llmtrace_tokens_total{@spender,type=\"prompt\"}[$__range]))",
                    "cached"))
        .row(
            "Cost",
            Panel.lines("Cost by model", "Dollars an hour.")
                .unit("currencyUSD")
                .stacked()
                .query(perHour("model"), "{{model}}")
                .seriesLink(
                    "Exchanges of this model",
                    "exchanges?model=${__field.labels.model:percentencode}"),
            Panel.lines("Cost by tenant", "Dollars an hour.")
                .unit("currencyUSD")
                .stacked()
                .query(perHour("tenant"), "{{tenant}}")
                .seriesLink(
                    "Exchanges of this tenant",
                    "exchanges?tenant=${__field.labels.tenant:percentencode}"),
            Panel.bars("Dearest models", "Dollars in the time that is shown.")
                .unit("currencyUSD")
                .now(most("model"), "{{model}}")
                .seriesLink(
                    "Exchanges of this model",
                    "exchanges?model=${__field.labels.model:percentencode}"),
            Panel.bars("Tenants that spend most", "Dollars in the time that is shown.")
                .unit("currencyUSD")
                .now(most("tenant"), "{{tenant}}")
                .seriesLink(
                    "Exchanges of this tenant",
                    "exchanges?tenant=${__field.labels.tenant:percentencode}"))
        .row(
            "Tokens",
            Panel.lines("Tokens by type", "Tokens a second.")
                .unit("cps")
                .size(8, 8)
                .stacked()
                .query(
                    "sum by (type) (rate(llmtrace_tokens_total{@spender}[$__rate_interval]))",
                    "{{type}}"),
            Panel.lines(
                    "Parts of tokens",
                    "Tokens a second that are a part of those on the left: read from and written to"
                        + " the provider's cache, and spent on reasoning.")
                .unit("cps")
                .size(8, 8)
                .query(
                    "sum by (type)"
                        + " (rate(llmtrace_token_details_total{@spender}[$__rate_interval]))",
                    "{{type}}"),
            Panel.lines(
                    "How tokens are known",
                    "Answers a second: reported by the provider, counted or estimated here, or"
                        + " unknown.")
                .unit("cps")
                .size(8, 8)
                .stacked()
                .query(
                    "sum by (source) (rate(llmtrace_usage_total{@job}[$__rate_interval]))",
                    "{{source}}"))
        .row(
            "Speed of answers",
            Panel.lines("Time to the first token", "Of streams; median and 95th percentile.")
                .unit("s")
                .size(8, 8)
                .query(firstToken("0.5"), "p50")
                .query(firstToken("0.95"), "p95"),
            Panel.lines(
                    "Tokens a second of a stream",
                    "Median by model, the wait for the first token left out.")
                .unit("short")
                .size(8, 8)
                .query(
                    "histogram_quantile(0.5, sum by (le, model)"
                        + " (rate(llmtrace_output_tokens_per_second_bucket{@model}[$__rate_interval])))",
                    "{{model}}"),
            Panel.lines(
                    "Answers that were cut",
                    "Answers a minute whose text the gateway's log holds only the beginning of.")
                .unit("cpm")
                .size(8, 8)
                .query(
                    "60 * sum by (provider, route)"
                        + " (rate(llmtrace_answers_truncated_total{@route}[$__rate_interval]))",
                    "{{provider}} {{route}}"));
  }

  private static String perHour(String by) {
    return "3600 * sum by (" + by + ") (rate(llmtrace_cost_usd_total{@spender}[$__rate_interval]))";
  }

  private static String most(String by) {
    return "topk(10, sum by (" + by + ") (increase(llmtrace_cost_usd_total{@spender}[$__range])))";
  }

  private static String firstToken(String quantile) {
    return "histogram_quantile("
        + quantile
        + ", sum by (le)"
        + " (rate(llmtrace_time_to_first_token_seconds_bucket{@route}[$__rate_interval])))";
  }
}
