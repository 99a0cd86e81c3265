package io.llmtrace.controlplane.policies;

import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.expression.UnknownFactException;
import io.llmtrace.policies.wire.InspectionRecord;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What a stored record tells of its exchange: no text, no headers, no tools. Immutable. */
record RecordedFacts(InspectionRecord record) implements Facts {
  @Override
  public String tenant() {
    return record.tenant();
  }

  @Override
  public String consumer() {
    return record.consumer();
  }

  @Override
  public String agent() {
    return record.agent();
  }

  @Override
  public String route() {
    return record.route();
  }

  @Override
  public String provider() {
    return record.provider();
  }

  @Override
  public String model() {
    return record.model();
  }

  @Override
  public String dialect() {
    return record.dialect().label();
  }

  @Override
  public String method() {
    return record.method();
  }

  @Override
  public String path() {
    return record.path();
  }

  @Override
  public boolean stream() {
    return record.stream();
  }

  @Override
  public List<String> tools() {
    throw new UnknownFactException("tools");
  }

  @Override
  public Map<String, String> headers() {
    throw new UnknownFactException("headers");
  }

  @Override
  public Set<Zone> zones() {
    throw new UnknownFactException("zones");
  }

  @Override
  public int segments() {
    return record.receipt().segments();
  }

  @Override
  public long bytes() {
    return record.receipt().bytes();
  }

  @Override
  public long maxTokens() {
    throw new UnknownFactException("max_tokens");
  }

  @Override
  public int uninspectedParts() {
    throw new UnknownFactException("uninspected_parts");
  }

  @Override
  public String coverage() {
    return record.receipt().coverage().name().toLowerCase(Locale.ROOT);
  }

  @Override
  public long at() {
    return record.at();
  }
}
