package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import java.util.Map;
import java.util.Optional;

/** The call of ext-plugin-pre-req and ext-plugin-post-req. */
final class RequestCall extends ExchangeCall<Optional<RunnerAnswer>> {
  RequestCall(
      Exchange x, String routeId, String plugin, Map<String, Object> settings, long version) {
    super(x, routeId, plugin, settings, version);
  }

  @Override
  public int type() {
    return A6Frame.HTTP_REQ_CALL;
  }

  @Override
  public A6Frame frame(long id, long token) {
    return GatewayFrames.requestCall(
        id, x.remote.getAddress().getAddress(), x.method, x.path, x.args, x.headerLines(), token);
  }

  /** Empty for an answer of no bytes, on which the real gateway's Lua fails with 500. */
  @Override
  public Optional<RunnerAnswer> decode(A6Frame answer) {
    return answer.payload().hasRemaining()
        ? Optional.of(GatewayFrames.requestAnswer(answer))
        : Optional.empty();
  }
}
