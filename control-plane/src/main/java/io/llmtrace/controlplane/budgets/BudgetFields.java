package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.policies.limit.Window;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The fields of a budget that somebody sent. */
record BudgetFields(
    String name,
    String tenant,
    String dimension,
    String key,
    String window,
    String windowKind,
    Amount amount,
    String enforcement,
    List<Integer> thresholds) {
  /** Dollars or tokens. */
  record Amount(@Nullable BigDecimal usd, @Nullable Long tokens) {}

  static final List<String> DIMENSIONS = List.of("tenant", "route", "consumer", "agent", "model");
  static final List<String> ENFORCEMENTS = List.of("soft", "hard");
  static final List<Integer> DEFAULT_THRESHOLDS = List.of(50, 80, 100);

  private static final List<String> WINDOWS =
      Arrays.stream(Window.values()).map(Window::label).toList();
  private static final int LONGEST = 200;
  private static final long MOST_TOKENS = 1_000_000_000_000_000L;
  private static final BigDecimal LEAST_USD = new BigDecimal("0.000001");
  private static final BigDecimal MOST_USD = new BigDecimal("1000000000");

  /** Body of a new budget. */
  static final class OfNew implements BodyFields {
    @Override
    public void read(JsonBody body) {
      BudgetFields unused = ofNew(body, tenant -> "soft");
    }
  }

  /** Body of a change. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      Changed unused = changed(body);
    }
  }

  /** What a change says; null leaves as it was. */
  record Changed(
      @Nullable String name,
      Amount amount,
      @Nullable String enforcement,
      @Nullable List<Integer> thresholds) {}

  /**
   * A new one.
   *
   * @param enforcement what it is for a tenant where the body does not say
   */
  static BudgetFields ofNew(JsonBody body, UnaryOperator<String> enforcement) {
    String name = body.requiredText("name", nameExpected(), BudgetFields::isName);
    String tenant = body.requiredText("tenant", TenantId.EXPECTED, TenantId::isOne);
    String dimension = or(body.choice("dimension", DIMENSIONS), "tenant");
    String key = body.text("key", nameExpected(), BudgetFields::isName);
    if (dimension.equals("tenant") && key != null) {
      body.wrong("key", "expected none for a whole tenant");
    }
    if (!dimension.equals("tenant") && key == null) {
      body.wrong("key", "expected the name of a " + dimension);
    }
    String window = or(body.choice("window", WINDOWS), "month");
    String kind = or(body.choice("window_kind", Span.KINDS), Span.CALENDAR);
    Amount amount = amount(body);
    if (amount.usd() == null && amount.tokens() == null) {
      body.wrong("usd", "expected this or tokens");
    }
    List<Integer> thresholds = thresholds(body);
    return new BudgetFields(
        name,
        tenant,
        dimension,
        key == null ? "" : key,
        window,
        kind,
        amount,
        or(body.choice("enforcement", ENFORCEMENTS), enforcement.apply(tenant)),
        thresholds == null ? DEFAULT_THRESHOLDS : thresholds);
  }

  static Changed changed(JsonBody body) {
    return new Changed(
        body.text("name", nameExpected(), BudgetFields::isName),
        amount(body),
        body.choice("enforcement", ENFORCEMENTS),
        thresholds(body));
  }

  private static Amount amount(JsonBody body) {
    BigDecimal usd = body.decimal("usd", LEAST_USD, MOST_USD);
    long tokens = body.integer("tokens", 0, 1, MOST_TOKENS);
    if (usd != null && tokens != 0) {
      body.wrong("tokens", "expected this or usd, not both");
    }
    return new Amount(usd, tokens == 0 ? null : Long.valueOf(tokens));
  }

  private static @Nullable List<Integer> thresholds(JsonBody body) {
    Set<Integer> percents = body.integers("thresholds", 10, 1, 1_000);
    return percents == null ? null : percents.stream().sorted().toList();
  }

  private static String or(@Nullable String text, String fallback) {
    return text == null ? fallback : text;
  }

  private static String nameExpected() {
    return "a text of 1 to " + LONGEST + " characters";
  }

  private static boolean isName(String text) {
    return !text.isBlank()
        && text.length() <= LONGEST
        && text.chars()
            .noneMatch(each -> Character.isISOControl(each) || Character.isSurrogate((char) each));
  }
}
