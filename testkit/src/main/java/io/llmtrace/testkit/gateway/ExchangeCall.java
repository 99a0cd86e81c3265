package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What both kinds of call have in common: the conf of a route's plugin, and the questions. */
abstract class ExchangeCall<T> implements RunnerCall<T> {
  final Exchange x;
  private final String routeId;
  private final String plugin;
  private final Map<String, Object> settings;
  private final long version;

  /**
   * A call of one of a route's plugins.
   *
   * @param version the second since which the routes stand
   */
  ExchangeCall(
      Exchange x, String routeId, String plugin, Map<String, Object> settings, long version) {
    this.x = x;
    this.routeId = routeId;
    this.plugin = plugin;
    this.settings = settings;
    this.version = version;
  }

  /** Whether traffic passes without a decision. */
  final boolean degrades() {
    return Boolean.TRUE.equals(settings.get("allow_degradation"));
  }

  /** The recorded shape: type, id, plugin and version. */
  @Override
  public final String confKey() {
    return x.consumer == null
        ? "route#%s#%s#%d".formatted(routeId, plugin, version)
        : "route&consumer#%s&%s#%s#%d&%d".formatted(routeId, x.consumer, plugin, version, version);
  }

  @Override
  public final List<Entry> conf() {
    return GatewayConfig.conf(settings);
  }

  @Override
  public final CompletableFuture<byte @Nullable []> answer(ExtraQuestion question) {
    if (question instanceof ExtraQuestion.Variable variable) {
      Object value = Variables.value(x, variable.name());
      return CompletableFuture.completedFuture(
          value == null ? null : String.valueOf(value).getBytes(UTF_8));
    }
    if (question instanceof ExtraQuestion.RequestBody) {
      x.bodyRead = true;
      return CompletableFuture.completedFuture(x.body);
    }
    return responseBody();
  }

  /** There is none on the request side. */
  CompletableFuture<byte @Nullable []> responseBody() {
    return CompletableFuture.completedFuture(null);
  }
}
