package io.llmtrace.plugin.tap;

import io.llmtrace.plugin.answers.OpenQuestions.Question;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Dialects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells what the exchange of a log entry was written in. Thread-safe.
 *
 * @param known the APIs that it may be
 * @param ofRoute the API that a route asks for, by the route's id; null where it asks for none
 */
public record Apis(Dialects known, Function<String, @Nullable Api> ofRoute) {
  /**
   * The API of the request, where that was read; after a restart, or for a request that passed
   * without the plugin, the one that its route asks for, and otherwise what path and host say.
   */
  Api of(LogEntry entry, @Nullable Question question) {
    Api asked = question == null ? null : question.api();
    if (asked == null) {
      asked = ofRoute.apply(entry.route());
    }
    return asked == null
        ? known.detect(entry.method(), entry.path(), entry.requestHeaders())
        : asked;
  }
}
