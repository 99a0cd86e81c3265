package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.outbound.Signature;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A webhook of the user's own, in the published form or by a template, signed where there is a
 * secret. {@code webhook-id} is the notice's id on every attempt: what a receiver has seen already
 * has an id that it has seen already.
 */
final class WebhookChannel implements Channel {
  private final ChannelConfig.Webhook config;
  private final Target target;
  private final Optional<Signature> signature;
  private final Optional<Template> template;
  private final List<Secret> secrets;

  WebhookChannel(ChannelConfig.Webhook config) {
    this.config = config;
    this.target = Target.of(config.url());
    this.signature = Optional.ofNullable(config.secret()).map(Signature::of);
    this.template = Optional.ofNullable(config.template()).map(Template::parse);
    List<Secret> all = new ArrayList<>(List.of(config.url()));
    Optional.ofNullable(config.secret()).ifPresent(all::add);
    this.secrets = List.copyOf(all);
  }

  @Override
  public String name() {
    return config.common().name();
  }

  @Override
  public String type() {
    return config.type();
  }

  @Override
  public String destination() {
    return target.toString();
  }

  @Override
  public Outgoing render(Notice notice, Context context) {
    Told told = Told.of(notice);
    byte[] body =
        template.map(made -> made.bytes(told)).orElseGet(() -> Json.bytes(WebhookEvent.of(told)));
    Map<String, String> headers =
        signature
            .map(made -> made.headers(told.id(), context.now(), body))
            .orElseGet(() -> Signature.unsigned(told.id(), context.now()));
    return target.with(headers).post(body);
  }

  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    return Answers.byStatus("The webhook", status, headers, bodyStart, secrets);
  }
}
