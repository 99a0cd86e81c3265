package io.llmtrace.testkit.a6;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a runner decided about one call. */
public sealed interface RunnerAnswer {
  /** Go on unchanged. */
  record Continue() implements RunnerAnswer {}

  /** Go on with another request; absent parts stay. */
  record Rewrite(
      @Nullable String path,
      List<Entry> headers,
      List<Entry> args,
      List<Entry> respHeaders,
      @Nullable ByteBuffer body)
      implements RunnerAnswer {}

  /** Answer the client now. */
  record Stop(int status, List<Entry> headers, ByteBuffer body) implements RunnerAnswer {}

  /** The response side: status 0 and an absent body keep what the upstream sent. */
  record Response(int status, List<Entry> headers, @Nullable ByteBuffer body)
      implements RunnerAnswer {}
}
