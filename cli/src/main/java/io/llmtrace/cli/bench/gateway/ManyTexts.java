package io.llmtrace.cli.bench.gateway;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** Chat requests of many short texts, none of which any request had before. Thread-safe. */
final class ManyTexts {
  private static final int IN_A_BODY = 100;

  private final AtomicInteger made = new AtomicInteger();

  /** The next request's body. */
  byte[] next() {
    int from = made.getAndAdd(IN_A_BODY);
    StringBuilder body = new StringBuilder("{\"model\":\"gpt-4o-mini\",\"messages\":[");
    for (int i = from; i < from + IN_A_BODY; i++) {
      body.append(i == from ? "" : ",")
          .append("{\"role\":\"user\",\"content\":\"Please note item ")
          .append(i)
          .append(".\"}");
    }
    return body.append("]}").toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Texts in all bodies so far. */
  int made() {
    return made.get();
  }
}
