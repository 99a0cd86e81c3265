package io.llmtrace.policies.trial;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Match;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a policy may know of a sample, as it would of the same request behind a gateway. Immutable.
 */
record SampleFacts(Sample sample, Exchange exchange, Coverage read, long at) implements Facts {
  @Override
  public String tenant() {
    return sample.sender().tenant();
  }

  @Override
  public String consumer() {
    return sample.sender().consumer();
  }

  @Override
  public String agent() {
    return sample.sender().agent();
  }

  @Override
  public String route() {
    return sample.sender().route();
  }

  @Override
  public String provider() {
    return exchange.provider();
  }

  @Override
  public String model() {
    return exchange.model();
  }

  @Override
  public String dialect() {
    return exchange.dialect().label();
  }

  @Override
  public String method() {
    return sample.content().method();
  }

  @Override
  public String path() {
    return sample.content().path();
  }

  @Override
  public boolean stream() {
    return exchange.stream();
  }

  @Override
  public List<String> tools() {
    return exchange.tools();
  }

  @Override
  public Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>(sample.content().headers());
    headers.keySet().removeAll(Match.CREDENTIALS);
    return headers;
  }

  @Override
  public Set<Zone> zones() {
    Set<Zone> zones = EnumSet.noneOf(Zone.class);
    for (Segment segment : exchange.segments()) {
      zones.add(segment.zone());
    }
    return zones;
  }

  @Override
  public int segments() {
    return exchange.segments().size();
  }

  @Override
  public long bytes() {
    return sample.content().body().length();
  }

  @Override
  public long maxTokens() {
    return exchange.maxTokens();
  }

  @Override
  public int uninspectedParts() {
    return exchange.uninspectedParts();
  }

  @Override
  public String coverage() {
    return read.label();
  }
}
