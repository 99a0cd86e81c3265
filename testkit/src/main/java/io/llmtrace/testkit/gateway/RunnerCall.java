package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One call to the runner: what is sent, how its questions are answered, how its answer is read. */
interface RunnerCall<T> {
  /** The frame type of the call and of its answer. */
  int type();

  String confKey();

  List<Entry> conf();

  A6Frame frame(long id, long token);

  /** The bytes asked for; null and none are the same to the runner. */
  CompletableFuture<byte @Nullable []> answer(ExtraQuestion question);

  /** Reads the answer; what it throws for one that cannot be read is a failure of the runner. */
  T decode(A6Frame answer);
}
