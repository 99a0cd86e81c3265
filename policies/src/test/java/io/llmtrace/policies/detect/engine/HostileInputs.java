package io.llmtrace.policies.detect.engine;

import static io.llmtrace.policies.detect.engine.MadeText.quoted;

import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Exchanges written to wear the engine out, each of about as many characters as is asked for. The
 * same size gives the same exchanges.
 */
final class HostileInputs {
  /** Characters of a full-size input: what a body of 1 MiB holds of ASCII. */
  static final int FULL = 1 << 20;

  /** A kind of input: its name, and how to make one of a size. */
  record Kind(String name, IntFunction<Exchange> make) {
    @Override
    public String toString() {
      return name;
    }
  }

  private HostileInputs() {}

  /** All kinds, in a fixed order. */
  static List<Kind> all() {
    return Stream.of(new HostileTexts(), new HostileArguments(), new HostileExchanges())
        .flatMap(group -> group.kinds().stream())
        .toList();
  }

  /** An exchange with one call of a tool. */
  static Exchange argument(String name, String value) {
    String text = "{\"" + name + "\":" + quoted(value) + "}";
    return HostileKinds.exchange(
        List.of(new Segment(Zone.TOOL_CALL, "assistant", "/arguments", text)));
  }
}
