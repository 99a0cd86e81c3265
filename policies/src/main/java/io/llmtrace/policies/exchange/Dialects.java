package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The APIs that a node knows: those of the product and those of its mappings. Immutable. */
public final class Dialects {
  private static final Dialect[] ALL = Dialect.values();
  private static final Dialects BUILT_IN = new Dialects(List.of());

  private final List<MappedDialect> mappings;

  private Dialects(List<MappedDialect> mappings) {
    this.mappings = List.copyOf(mappings);
  }

  /** Those of the product alone. */
  public static Dialects builtIn() {
    return BUILT_IN;
  }

  /**
   * Those of the product and of mappings.
   *
   * @param mappings with different names, in the order in which they are asked whether a request is
   *     theirs
   */
  public static Dialects with(List<MappedDialect> mappings) {
    return mappings.isEmpty() ? BUILT_IN : new Dialects(mappings);
  }

  /** Names by which a route can ask for an API. */
  public List<String> labels() {
    List<String> labels = new ArrayList<>();
    Arrays.stream(ALL).filter(d -> d != Dialect.MAPPED).map(Dialect::label).forEach(labels::add);
    mappings.stream().map(MappedDialect::label).forEach(labels::add);
    return labels;
  }

  /** The API of that name. */
  public Optional<Api> find(String label) {
    for (MappedDialect mapping : mappings) {
      if (mapping.label().equals(label)) {
        return Optional.of(mapping);
      }
    }
    return labels().contains(label) ? Optional.of(Dialect.of(label)) : Optional.empty();
  }

  /**
   * The API that path, host and headers speak of; {@link Dialect#GENERIC_JSON} when they name none.
   * Mappings are asked first: whoever writes one knows the upstream.
   *
   * @param headers by lower-case name
   */
  public Api detect(String method, String path, Map<String, String> headers) {
    return named(new RequestHead(method, path, headers));
  }

  /**
   * The value of the {@code provider} label: that of the mapping; otherwise who offers the API, by
   * host, path and headers, and where these do not say, the dialect's own.
   *
   * @param headers by lower-case name
   */
  public static String provider(Api api, String method, String path, Map<String, String> headers) {
    return provider(api, new RequestHead(method, path, headers));
  }

  /** Every value that {@link #provider} may give, but those of mappings. */
  public static Set<String> providers() {
    return Providers.labels();
  }

  static String provider(Api api, RequestHead head) {
    return api instanceof MappedDialect mapping
        ? mapping.format().provider()
        : Providers.of(api.dialect(), head);
  }

  static DialectFormat format(Api api) {
    return api instanceof MappedDialect mapping ? mapping.format() : api.dialect().format();
  }

  Api named(RequestHead head) {
    for (MappedDialect mapping : mappings) {
      if (mapping.format().named(head)) {
        return mapping;
      }
    }
    for (Dialect dialect : ALL) {
      if (dialect.format().named(head)) {
        return dialect;
      }
    }
    return Dialect.GENERIC_JSON;
  }

  /** The dialect of a body that nothing outside of it tells. */
  static Dialect resembling(JsonNode body) {
    for (Dialect dialect : ALL) {
      if (dialect.format().resembles(body)) {
        return dialect;
      }
    }
    return Dialect.GENERIC_JSON;
  }
}
