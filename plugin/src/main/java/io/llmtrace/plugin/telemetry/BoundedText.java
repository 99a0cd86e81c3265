package io.llmtrace.plugin.telemetry;

import java.io.IOException;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * An answer's text, UTF-8; one that is longer than it may be ends the call with an {@link
 * IOException}. One for each answer.
 */
final class BoundedText implements BodySubscriber<String> {
  private final BodySubscriber<String> text = BodySubscribers.ofString(StandardCharsets.UTF_8);
  private final CompletableFuture<String> whole = new CompletableFuture<>();
  private final long most;
  private Flow.@Nullable Subscription subscription;
  private long bytes;

  private BoundedText(long most) {
    this.most = most;
  }

  /**
   * @param most bytes that an answer may have
   */
  static BodyHandler<String> of(long most) {
    return head -> new BoundedText(most);
  }

  @Override
  public CompletionStage<String> getBody() {
    return whole;
  }

  @Override
  public void onSubscribe(Flow.Subscription begun) {
    subscription = begun;
    text.getBody()
        .whenComplete(
            (all, fault) -> {
              if (fault == null) {
                whole.complete(all);
              } else {
                whole.completeExceptionally(fault);
              }
            });
    text.onSubscribe(begun);
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    if (whole.isDone()) {
      return;
    }
    for (ByteBuffer piece : pieces) {
      bytes += piece.remaining();
    }
    Flow.Subscription begun = subscription;
    if (bytes > most && begun != null) {
      begun.cancel();
      IOException tooLong =
          new IOException("the answer of the control plane is longer than " + most + " bytes");
      whole.completeExceptionally(tooLong);
      text.onError(tooLong);
      return;
    }
    text.onNext(pieces);
  }

  @Override
  public void onError(Throwable fault) {
    text.onError(fault);
  }

  @Override
  public void onComplete() {
    text.onComplete();
  }
}
