package io.llmtrace.policies.detect.engine;

import static io.llmtrace.policies.detect.engine.MadeText.repeat;

import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Kinds of hostile inputs that have something in common, and the ways to make them. */
abstract class HostileKinds {
  private final List<HostileInputs.Kind> kinds = new ArrayList<>();

  /** All of them, in a fixed order. */
  final List<HostileInputs.Kind> kinds() {
    return List.copyOf(kinds);
  }

  final void kind(String name, IntFunction<Exchange> make) {
    kinds.add(new HostileInputs.Kind(name, make));
  }

  final void text(String name, IntFunction<String> make) {
    text(name, Zone.USER, make);
  }

  final void text(String name, Zone zone, IntFunction<String> make) {
    kind(
        name,
        size ->
            exchange(
                List.of(
                    new Segment(
                        zone,
                        zone == Zone.METADATA ? "server" : zone.label(),
                        "/messages/0/content",
                        make.apply(size)))));
  }

  final void repeated(String name, String unit) {
    text(name, size -> repeat(unit, size));
  }

  static Exchange exchange(List<Segment> segments) {
    return new Exchange(Dialect.OPENAI_CHAT, "openai", "m", false, segments, List.of(), 0);
  }
}
