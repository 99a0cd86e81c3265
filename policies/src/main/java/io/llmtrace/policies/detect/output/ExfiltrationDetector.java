package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.Host;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.detect.parse.WebAddress;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds addresses in an answer that carry data away: what is fetched when the answer is shown needs
 * no click, so an image is worse than a link. What counts is what the address says: text that was
 * encoded into it, or words that the system prompt, a tool or a document had, and the user had not.
 * Signed addresses of file stores, tokens of logins, searches and services that draw what their
 * address says are everyday traffic. Thread-safe.
 */
final class ExfiltrationDetector implements AnswerDetector {
  /** The stage's name. */
  static final String NAME = "exfiltration";

  private static final int MOST_FINDINGS = 20;
  private static final int FEWEST_IMAGES = 8;

  /** Hosts that draw what their address says. */
  private static final List<String> RENDERERS =
      List.of(
          "shields.io",
          "quickchart.io",
          "codecogs.com",
          "mermaid.ink",
          "plantuml.com",
          "kroki.io",
          "placeholder.com",
          "placehold.co",
          "dummyimage.com",
          "qrserver.com",
          "googleapis.com",
          "pollinations.ai",
          "unsplash.com",
          "badgen.net",
          "vercel.app",
          "wikimedia.org",
          "githubusercontent.com",
          "readme.io",
          "star-history.com",
          "contrib.rocks",
          "ui-avatars.com",
          "picsum.photos",
          "image-charts.com");

  /** Parameters of signed addresses. */
  private static final Set<String> SIGNATURES =
      Set.of(
          "x-amz-signature",
          "x-amz-credential",
          "x-amz-security-token",
          "x-goog-signature",
          "signature",
          "sig",
          "hmac",
          "key-pair-id",
          "policy",
          "token",
          "access_token",
          "id_token",
          "code",
          "state",
          "jwt",
          "nonce",
          "utm_campaign",
          "utm_content",
          "utm_term");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    int[] found = {0};
    for (SegmentReading segment : reading.segments()) {
      Zone zone = segment.segment().zone();
      if (zone != Zone.ASSISTANT && zone != Zone.TOOL_CALL) {
        continue;
      }
      // Only the text as it stands is shown, and so followed.
      TextView view = segment.views().get(0);
      String text = view.text();
      if (text.indexOf(':') < 0) {
        continue;
      }
      List<Link> links = Link.find(text, budget);
      Map<String, List<Link>> images = new LinkedHashMap<>();
      for (Link link : links) {
        if (budget.spent() || found[0] >= MOST_FINDINGS) {
          return;
        }
        String written = text.substring(link.start(), link.end());
        Optional<WebAddress> address = WebAddress.parse(written.replace("&amp;", "&"));
        if (address.isEmpty()) {
          continue;
        }
        Judgement judgement =
            zone == Zone.TOOL_CALL
                ? call(address.get(), reading.context(), budget)
                : judge(link.kind(), address.get(), reading.context(), budget);
        if (link.kind() == Link.Kind.FETCHED) {
          images
              .computeIfAbsent(Letters.lower(address.get().host()), h -> new ArrayList<>())
              .add(link);
        }
        if (judgement != null) {
          found[0]++;
          sink.accept(finding(segment, view, link, judgement, written));
        }
      }
      letters(segment, view, images, sink);
    }
  }

  private record Judgement(String rule, Severity severity, double confidence) {}

  private static Finding finding(
      SegmentReading segment, TextView view, Link link, Judgement judgement, String written) {
    return segment.finding(
        FindingType.DATA_EXFILTRATION,
        judgement.severity(),
        judgement.confidence(),
        view,
        link.start(),
        link.end(),
        NAME,
        judgement.rule(),
        Evidence.phrase(written.substring(0, Math.min(300, written.length()))));
  }

  private static @Nullable Judgement judge(
      Link.Kind kind, WebAddress address, AnswerContext context, InspectionBudget budget) {
    boolean fetched = kind == Link.Kind.FETCHED;
    Judgement script = script(address);
    if (script != null || address.host().isEmpty()) {
      return script;
    }
    Judgement data = data(fetched, address, context, budget);
    if (data != null) {
      return data;
    }
    Host host = Host.of(address.host());
    if (host.reach() == Host.Reach.COLLECTOR) {
      return new Judgement("collector", fetched ? Severity.HIGH : Severity.MEDIUM, 0.8);
    }
    if (dns(address.host())) {
      return new Judgement("dns", fetched ? Severity.HIGH : Severity.MEDIUM, 0.8);
    }
    if (fetched && hasPlaceholder(address)) {
      return new Judgement("placeholder", Severity.MEDIUM, 0.7);
    }
    if (fetched && Host.isAddress(address.host()) && !host.reach().isInside()) {
      return new Judgement("bare-address", Severity.MEDIUM, 0.6);
    }
    if (context.limitsHosts() && !context.allows(address.host())) {
      return new Judgement("host-not-allowed", fetched ? Severity.MEDIUM : Severity.LOW, 0.8);
    }
    return null;
  }

  private static @Nullable Judgement script(WebAddress address) {
    String path =
        Letters.lower(address.path().substring(0, Math.min(200, address.path().length())));
    return switch (address.scheme()) {
      case "javascript", "vbscript" ->
          path.startsWith("void(0)") || path.equals(";")
              ? null
              : new Judgement("script", Severity.HIGH, 0.85);
      case "data" ->
          path.startsWith("text/html")
                  || path.startsWith("application/")
                  || path.startsWith("image/svg")
              ? new Judgement(
                  "script", path.startsWith("text/html") ? Severity.HIGH : Severity.LOW, 0.75)
              : null;
      default -> null;
    };
  }

  private static @Nullable Judgement data(
      boolean fetched, WebAddress address, AnswerContext context, InspectionBudget budget) {
    Judgement worst = null;
    boolean renderer = isRenderer(address.host());
    for (String part : parts(address)) {
      for (Payload.Text reading : Payload.readings(part)) {
        Judgement judgement = part(fetched, renderer, reading, context, budget);
        boolean worse =
            judgement != null
                && (worst == null || judgement.severity().compareTo(worst.severity()) > 0);
        worst = worse ? judgement : worst;
      }
      if (budget.spent()) {
        break;
      }
    }
    return worst;
  }

  private static @Nullable Judgement part(
      boolean fetched,
      boolean renderer,
      Payload.Text reading,
      AnswerContext context,
      InspectionBudget budget) {
    String text = reading.text();
    boolean entrusted = Payload.shared(text, context.entrusted(), context.ofUser(), budget) >= 1;
    if (reading.encoded()) {
      boolean known =
          entrusted || Payload.shared(text, context.ofUser(), TextPrint.EMPTY, budget) > 0;
      if (known) {
        return new Judgement("encoded-conversation", Severity.HIGH, 0.9);
      }
      return renderer
          ? null
          : new Judgement("encoded-text", fetched ? Severity.HIGH : Severity.MEDIUM, 0.75);
    }
    if (renderer) {
      return null;
    }
    int words = Payload.words(text, budget);
    if (entrusted && words >= 4) {
      return new Judgement("conversation", fetched ? Severity.HIGH : Severity.LOW, 0.8);
    }
    boolean prose = fetched && words >= 6 && text.indexOf(' ') > 0;
    return prose ? new Judgement("prose", Severity.MEDIUM, 0.65) : null;
  }

  /**
   * A call is made for a reason, and what a tool gave is what the next one needs: only encoding
   * tells.
   */
  private static @Nullable Judgement call(
      WebAddress address, AnswerContext context, InspectionBudget budget) {
    for (String part : parts(address)) {
      for (Payload.Text reading : Payload.readings(part)) {
        if (reading.encoded()
            && Payload.shared(reading.text(), context.entrusted(), TextPrint.EMPTY, budget) > 0) {
          return new Judgement("encoded-conversation", Severity.HIGH, 0.85);
        }
      }
    }
    return null;
  }

  /** The parts of an address that can carry data, signatures left out. */
  private static List<String> parts(WebAddress address) {
    List<String> parts = new ArrayList<>();
    for (WebAddress.Parameter parameter : address.parameters()) {
      if (!SIGNATURES.contains(Letters.lower(parameter.name()))) {
        addPart(parameter.value(), parts);
        addPart(parameter.name(), parts);
      }
    }
    String path = WebAddress.decoded(address.path());
    int from = 0;
    while (from < path.length() && parts.size() < 200) {
      int to = path.indexOf('/', from);
      to = to < 0 ? path.length() : to;
      addPart(withoutEnding(path.substring(from, to)), parts);
      from = to + 1;
    }
    addPart(WebAddress.decoded(address.fragment()), parts);
    addPart(address.userInfo(), parts);
    return parts;
  }

  private static void addPart(String part, List<String> parts) {
    if (part.length() >= 8) {
      parts.add(part);
    }
  }

  private static String withoutEnding(String segment) {
    int dot = segment.lastIndexOf('.');
    return dot > 0 && segment.length() - dot <= 6 ? segment.substring(0, dot) : segment;
  }

  private static boolean isRenderer(String host) {
    String name = Letters.lower(host);
    for (String renderer : RENDERERS) {
      if (name.equals(renderer) || name.endsWith("." + renderer)) {
        return true;
      }
    }
    return false;
  }

  /** Data in the labels of a name leaves with the first question to a name server. */
  private static boolean dns(String host) {
    String[] labels = host.split("\\.", 20);
    int data = 0;
    for (int i = 0; i < labels.length - 2; i++) {
      data += Payload.isDataLabel(labels[i]) ? 1 : 0;
    }
    return data > 0;
  }

  private static boolean hasPlaceholder(WebAddress address) {
    String query = WebAddress.decoded(address.query());
    return query.contains("{{")
        || query.contains("[DATA]")
        || query.contains("[QUERY]")
        || query.contains("<data>")
        || query.contains("{data}");
  }

  /** One letter an image, as is done where long addresses are forbidden. */
  private static void letters(
      SegmentReading segment,
      TextView view,
      Map<String, List<Link>> images,
      Consumer<Finding> sink) {
    String text = view.text();
    for (List<Link> ofHost : images.values()) {
      Link first = ofHost.get(0);
      String written = text.substring(first.start(), first.end());
      if (ofHost.size() >= FEWEST_IMAGES
          && ofHost.stream().allMatch(l -> isLetter(text.substring(l.start(), l.end())))) {
        Judgement judgement = new Judgement("letters", Severity.MEDIUM, 0.7);
        sink.accept(finding(segment, view, first, judgement, written));
      }
    }
  }

  private static boolean isLetter(String written) {
    Optional<WebAddress> address = WebAddress.parse(written);
    if (address.isEmpty() || address.get().host().isEmpty()) {
      return false;
    }
    List<WebAddress.Parameter> parameters = address.get().parameters();
    if (!parameters.isEmpty()) {
      return parameters.stream().allMatch(p -> p.value().length() <= 2);
    }
    String path = address.get().path();
    String last = withoutEnding(path.substring(path.lastIndexOf('/') + 1));
    return !last.isEmpty() && last.length() <= 2;
  }
}
