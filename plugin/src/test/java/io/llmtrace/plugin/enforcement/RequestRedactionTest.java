package io.llmtrace.plugin.enforcement;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.runtime.config.OnUninspectable;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestRedactionTest {
  private static final String CHAT =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}%s]}";
  private static final String TURN = ",{\"role\":\"user\",\"content\":\"%s\"}";
  private static final Decision REDACT =
      new Decision(
          Action.REDACT, Action.REDACT, Mode.ENFORCE, "p", "route/redact", 0, "pii_detected");

  private String tenant = "default";
  private final RequestRedaction redactions = RequestRedaction.create(new SimpleMeterRegistry());

  @Test
  void a_conversation_keeps_its_numbers_when_its_history_is_cut() throws Exception {
    assertThat(redacted(Map.of(), "@ada", "@eve"))
        .isEqualTo(CHAT.formatted(TURN.formatted("[EMAIL_1]") + TURN.formatted("[EMAIL_2]")));
    assertThat(redacted(Map.of(), "@eve", "@joe"))
        .isEqualTo(CHAT.formatted(TURN.formatted("[EMAIL_2]") + TURN.formatted("[EMAIL_3]")));
    assertThat(redacted(Map.of("x-chat", "other"), "@joe"))
        .as("another conversation by its header")
        .isEqualTo(CHAT.formatted(TURN.formatted("[EMAIL_1]")));
  }

  @Test
  void a_host_that_cannot_send_a_body_refuses_and_a_refusal_is_a_block() throws Exception {
    GatewayRequest request = request(Map.of(), "@ada");
    RequestContent content = content(request);
    Exchange exchange = ExchangeReader.read(content, null);
    Redaction refused =
        RequestRedaction.unable()
            .redact(
                request,
                tenant,
                content,
                exchange,
                mails(exchange),
                InspectionBudget.unlimited(),
                BodyMemory.UNCOUNTED);
    assertThat(refused).isEqualTo(new Redaction.Refused(Redaction.Reason.NOT_DONE));
    Decision feasible = Passing.feasible(REDACT, refused);
    assertThat(feasible.action()).isEqualTo(Action.BLOCK);
    assertThat(feasible.rule()).isEqualTo("route/not_redactable-not_done");
    assertThat(Passing.feasible(REDACT, null).action()).isEqualTo(Action.BLOCK);
  }

  @Test
  void what_a_client_says_about_itself_is_removed_and_what_we_say_goes_both_ways() {
    GatewayRequest request =
        request(
            Map.of(
                "x-llmtrace-flag", "none",
                "x-llmtrace-action", "redact",
                "content-encoding", "gzip"),
            "@ada");
    Decision allow = new Decision(Action.ALLOW, Action.ALLOW, Mode.ENFORCE, "p", "r", 0, null);
    Answer.Rewrite passed = Passing.goOn(request, allow, null, Map.of());
    assertThat(passed.removed()).containsExactlyInAnyOrder("x-llmtrace-flag", "x-llmtrace-action");
    assertThat(passed.responseHeaders()).isEmpty();
    Answer.Rewrite redacted =
        Passing.goOn(
            request, REDACT, new Redaction.Redacted(new byte[7], 1, Map.of()), Map.of("a", "b"));
    assertThat(redacted.headers())
        .isEqualTo(
            Map.of(
                "a", "b",
                "content-length", "7",
                "x-llmtrace-flag", "pii_detected",
                "x-llmtrace-action", "redact"));
    assertThat(redacted.removed()).containsExactly("content-encoding");
    assertThat(redacted.responseHeaders())
        .isEqualTo(Map.of("x-llmtrace-flag", "pii_detected", "x-llmtrace-action", "redact"));
  }

  @Test
  void an_inspection_leaves_time_by_the_length_of_the_body_but_never_more_than_a_quarter() {
    RouteConf conf = request(Map.of(), "@ada").conf();
    assertThat(RequestRedaction.reserve(conf, false, 0)).isEqualTo(2_000_000);
    assertThat(RequestRedaction.reserve(conf, false, 100_000)).isEqualTo(8_000_000);
    assertThat(RequestRedaction.reserve(conf, false, 100_000_000)).isEqualTo(150_000_000 / 4);
    RouteConf none =
        new RouteConfReader(150, OnUninspectable.PASS).read(List.of(Map.entry("llmtrace", "{}")));
    assertThat(RequestRedaction.reserve(none, false, 100_000)).isZero();
    assertThat(RequestRedaction.reserve(none, true, 100_000)).isEqualTo(8_000_000);
  }

  @Test
  void tenants_that_the_route_does_not_tell_apart_share_no_placeholders() throws Exception {
    Map<String, String> named = Map.of("x-chat", "same");
    assertThat(redacted(named, "@ada")).contains("[EMAIL_1]");
    assertThat(redacted(named, "@eve")).contains("[EMAIL_2]");
    tenant = "another";
    assertThat(redacted(named, "@eve")).contains("[EMAIL_1]");
  }

  private String redacted(Map<String, String> headers, String... mails)
      throws UnreadableBodyException {
    GatewayRequest request = request(headers, mails);
    RequestContent content = content(request);
    Exchange exchange = ExchangeReader.read(content, null);
    Redaction done =
        redactions.redact(
            request,
            tenant,
            content,
            exchange,
            mails(exchange),
            InspectionBudget.unlimited(),
            BodyMemory.UNCOUNTED);
    assertThat(done).isInstanceOf(Redaction.Redacted.class);
    return new String(((Redaction.Redacted) done).body(), StandardCharsets.UTF_8);
  }

  private static List<Finding> mails(Exchange exchange) {
    List<Finding> findings = new ArrayList<>();
    for (Segment segment : exchange.segments()) {
      if (segment.text().startsWith("@")) {
        findings.add(
            new Finding(
                FindingType.PII_DETECTED,
                Severity.LOW,
                0.9,
                Zone.USER,
                segment.pointer(),
                0,
                segment.text().length(),
                "sensitive",
                "email",
                ""));
      }
    }
    return findings;
  }

  private static RequestContent content(GatewayRequest request) {
    return new RequestContent(request.method(), request.path(), request.headers(), request.body());
  }

  private static GatewayRequest request(Map<String, String> headers, String... mails) {
    StringBuilder turns = new StringBuilder();
    for (String mail : mails) {
      turns.append(TURN.formatted(mail));
    }
    byte[] body = CHAT.formatted(turns).getBytes(StandardCharsets.UTF_8);
    String redact = "{\"redact\":{\"kinds\":[\"email\"],\"conversation_header\":\"X-Chat\"}}";
    return new GatewayRequest(
        new RouteConfReader(150, OnUninspectable.PASS).read(List.of(Map.entry("llmtrace", redact))),
        "POST",
        "/v1/chat/completions",
        headers,
        BodyBytes.of(body),
        GatewayRequest.BodyState.READ,
        body.length,
        "r",
        "c",
        "",
        "127.0.0.1",
        System.nanoTime());
  }
}
