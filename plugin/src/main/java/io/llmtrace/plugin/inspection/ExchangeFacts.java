package io.llmtrace.plugin.inspection;

import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.identity.Identity;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Match;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What policies may know of a request. What costs something is made when it is first asked for; for
 * one thread.
 */
final class ExchangeFacts implements Facts {
  private final Analysis analysis;
  private final GatewayRequest request;
  private final Identity identity;
  private final @Nullable Exchange exchange;
  private final Coverage coverage;
  private final long at;
  private @Nullable Api api;
  private @Nullable Map<String, String> headers;
  private @Nullable Set<Zone> zones;

  /**
   * @param exchange what was read, or null where nothing was, or not yet
   * @param at epoch milliseconds
   */
  ExchangeFacts(
      Analysis analysis,
      GatewayRequest request,
      Identity identity,
      @Nullable Exchange exchange,
      Coverage coverage,
      long at) {
    this.analysis = analysis;
    this.request = request;
    this.identity = identity;
    this.exchange = exchange;
    this.coverage = coverage;
    this.at = at;
  }

  private Api api() {
    Api known = api;
    if (known == null) {
      Api forced = request.conf().dialect();
      known =
          exchange != null
              ? exchange.api()
              : forced != null ? forced : analysis.detect(Settlements.content(request));
      api = known;
    }
    return known;
  }

  @Override
  public String tenant() {
    return identity.tenant();
  }

  @Override
  public String consumer() {
    return request.consumer();
  }

  @Override
  public String agent() {
    return identity.agent();
  }

  @Override
  public String route() {
    return request.route();
  }

  @Override
  public String provider() {
    return exchange == null ? Settlements.provider(request, api()) : exchange.provider();
  }

  @Override
  public String model() {
    return exchange == null ? Exchange.UNKNOWN_MODEL : exchange.model();
  }

  @Override
  public String dialect() {
    return api().dialect().label();
  }

  @Override
  public String method() {
    return request.method();
  }

  @Override
  public String path() {
    return request.path();
  }

  @Override
  public boolean stream() {
    return exchange != null && exchange.stream();
  }

  @Override
  public List<String> tools() {
    return exchange == null ? List.of() : exchange.tools();
  }

  @Override
  public Map<String, String> headers() {
    Map<String, String> made = headers;
    if (made == null) {
      made = new HashMap<>(request.headers());
      made.keySet().removeAll(Match.CREDENTIALS);
      made = Collections.unmodifiableMap(made);
      headers = made;
    }
    return made;
  }

  @Override
  public Set<Zone> zones() {
    Set<Zone> made = zones;
    if (made == null) {
      made = EnumSet.noneOf(Zone.class);
      if (exchange != null) {
        for (Segment segment : exchange.segments()) {
          made.add(segment.zone());
        }
      }
      zones = made;
    }
    return made;
  }

  @Override
  public int segments() {
    return exchange == null ? 0 : exchange.segments().size();
  }

  @Override
  public long bytes() {
    return request.bodyBytes();
  }

  @Override
  public long maxTokens() {
    return exchange == null ? -1 : exchange.maxTokens();
  }

  @Override
  public int uninspectedParts() {
    return exchange == null ? 0 : exchange.uninspectedParts();
  }

  @Override
  public String coverage() {
    return coverage.label();
  }

  @Override
  public boolean certain() {
    return exchange != null && exchange.certain();
  }

  @Override
  public boolean namesModel() {
    return exchange == null || exchange.api().dialect().namesModel();
  }

  @Override
  public long at() {
    return at;
  }
}
