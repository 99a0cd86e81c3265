package io.llmtrace.controlplane.bundles;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Callers;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.http.BearerToken;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.policies.Labels;
import io.llmtrace.controlplane.policies.LivePolicies;
import io.llmtrace.policies.bundle.SignedBundle;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/ingest/bundle}: policies, for plugins. */
@Path("/api/v1/ingest/bundle")
public final class BundleResource {
  private static final int LONGEST = 256;
  private static final int LONGEST_WAIT_SECONDS = 60;
  private static final int MOST_LABELS = 32;
  private static final int LONGEST_DETAIL = 500;
  private static final int BUSY_SECONDS = 5;
  private static final Set<String> KNOWN =
      Set.of("node", "wait_seconds", "label", "refused", "refused_revision", "refused_detail");

  private final Bundles bundles;
  private final BundleWaits waits;
  private final Callers callers;
  private final Counter sent;
  private final Counter same;
  private final Counter busy;
  private final Counter refused;

  public BundleResource(Bundles bundles, BundleWaits waits, Callers callers, MeterRegistry meters) {
    this.bundles = bundles;
    this.waits = waits;
    this.callers = callers;
    this.sent = counter(meters, "sent");
    this.same = counter(meters, "not_modified");
    this.busy = counter(meters, "busy");
    this.refused = counter(meters, "refused");
  }

  private static Counter counter(MeterRegistry meters, String result) {
    return Counter.builder("llmtrace.policy.bundles")
        .description(
            "Requests for policy bundles by their answers, and bundles that instances refused")
        .tag("result", result)
        .register(meters);
  }

  /**
   * The signed bundle of policies that an instance is to go by: everybody's and those of the
   * tenants that its key may report for. Answers at once if it is another than the one named in
   * If-None-Match, else as soon as it is, or with 304 when the time to wait is over.
   *
   * @param node the instance's name
   * @param waitSeconds how long to wait for a change, 0 (the default) to 60
   * @param labels of the instance, each as name:value, up to 32; given several times
   * @param refusal one word, when the instance does not go by the bundle that it was last given:
   *     why
   * @param refusedRevision of the refused bundle
   * @param refusedDetail for people, up to 500 characters
   * @param ifNoneMatch the ETag of the bundle in force; none for the built-in policy
   * @param acceptEncoding gzip is understood
   */
  @GET
  @Produces(SignedBundle.MEDIA_TYPE)
  @Requires(Permission.TELEMETRY_WRITE)
  @Gives(value = byte[].class, headers = "ETag")
  public CompletionStage<Response> bundle(
      @Context Caller caller,
      @Context ContainerRequestContext request,
      @Context UriInfo uri,
      @QueryParam("node") @Nullable String node,
      @QueryParam("wait_seconds") @Nullable String waitSeconds,
      @QueryParam("label") List<String> labels,
      @QueryParam("refused") @Nullable String refusal,
      @QueryParam("refused_revision") @Nullable String refusedRevision,
      @QueryParam("refused_detail") @Nullable String refusedDetail,
      @HeaderParam("If-None-Match") @Nullable String ifNoneMatch,
      @HeaderParam("Accept-Encoding") @Nullable String acceptEncoding) {
    only(uri);
    Poll poll =
        new Poll(
            name(node),
            caller.tenants(Permission.TELEMETRY_WRITE),
            labels(labels),
            Tag.of(ifNoneMatch),
            refusal(refusal, refusedRevision, refusedDetail));
    Duration time = wait(waitSeconds);
    boolean gzip = acceptEncoding != null && acceptEncoding.contains("gzip");
    if (poll.refused() != null) {
      refused.increment();
    }
    LivePolicies seen = bundles.live();
    Bundles.Wanted wanted = bundles.wanted(poll);
    if (!wanted.tag().equals(poll.running())) {
      return CompletableFuture.completedFuture(bundle(poll, wanted, gzip));
    }
    if (time.isZero()) {
      return CompletableFuture.completedFuture(same(wanted));
    }
    if (!waits.hasRoom()) {
      busy.increment();
      throw Problem.busy("too many instances wait here, ask again", BUSY_SECONDS);
    }
    String token = BearerToken.of(request.getHeaderString("Authorization")).orElse("");
    return waits.await(
        poll, seen, time, () -> afterWait(caller, token, poll, gzip), () -> same(wanted));
  }

  /** Somebody may have taken the key back meanwhile, or what it is for. */
  private Response afterWait(Caller caller, String token, Poll poll, boolean gzip) {
    Caller now = callers.identify(token, caller.origin()).orElseThrow(Problem::unauthorized);
    if (now.tenants(Permission.TELEMETRY_WRITE).isEmpty()) {
      throw Problem.of(403, Permission.TELEMETRY_WRITE.label() + " is needed");
    }
    Poll again =
        new Poll(
            poll.node(),
            now.tenants(Permission.TELEMETRY_WRITE),
            poll.labels(),
            poll.running(),
            poll.refused());
    Bundles.Wanted wanted = bundles.wanted(again);
    return wanted.tag().equals(poll.running()) ? same(wanted) : bundle(again, wanted, gzip);
  }

  private Response same(Bundles.Wanted wanted) {
    same.increment();
    return Response.notModified().header("ETag", wanted.tag().header()).build();
  }

  private Response bundle(Poll poll, Bundles.Wanted wanted, boolean gzip) {
    byte[] sealed = bundles.sealed(poll, wanted);
    sent.increment();
    Response.ResponseBuilder answer =
        Response.ok(gzip ? zipped(sealed) : sealed)
            .type(SignedBundle.MEDIA_TYPE)
            .header("Vary", "Accept-Encoding")
            .header("ETag", wanted.tag().header());
    return (gzip ? answer.header("Content-Encoding", "gzip") : answer).build();
  }

  private static byte[] zipped(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 4 + 64);
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    return out.toByteArray();
  }

  /** As {@code QueryParameters.only}, but labels come several times. */
  private static void only(UriInfo uri) {
    uri.getQueryParameters()
        .forEach(
            (name, values) -> {
              if (!KNOWN.contains(name)) {
                throw Problem.of(
                    400,
                    (name.length() > 60 ? name.substring(0, 60) + "…" : name)
                        + ": unknown parameter, expected one of "
                        + String.join(", ", KNOWN.stream().sorted().toList()));
              }
              if (values.size() > 1 && !name.equals("label")) {
                throw Problem.of(400, name + ": expected once");
              }
            });
  }

  private static String name(@Nullable String node) {
    if (node == null || !isText(node, 1, LONGEST)) {
      throw Problem.of(400, "node: expected a name of 1 to " + LONGEST + " characters");
    }
    return node;
  }

  private static Duration wait(@Nullable String text) {
    if (text == null) {
      return Duration.ZERO;
    }
    if (!text.matches("[0-9]{1,2}") || Integer.parseInt(text) > LONGEST_WAIT_SECONDS) {
      throw Problem.of(
          400, "wait_seconds: expected a whole number from 0 to " + LONGEST_WAIT_SECONDS);
    }
    return Duration.ofSeconds(Integer.parseInt(text));
  }

  private static Map<String, String> labels(List<String> given) {
    Map<String, String> labels = new TreeMap<>();
    if (given.size() > MOST_LABELS) {
      throw Problem.of(400, "label: expected at most " + MOST_LABELS);
    }
    for (String each : given) {
      int colon = each.indexOf(':');
      String name = colon < 0 ? "" : each.substring(0, colon);
      if (!Labels.isName(name) || !Labels.isValue(each.substring(colon + 1))) {
        throw Problem.of(400, "label: expected " + Labels.EXPECTED);
      }
      if (labels.put(name, each.substring(colon + 1)) != null) {
        throw Problem.of(400, "label: expected each name once");
      }
    }
    return labels;
  }

  private static Poll.@Nullable Refusal refusal(
      @Nullable String reason, @Nullable String revision, @Nullable String detail) {
    if (reason == null) {
      return null;
    }
    if (!reason.matches("[a-z][a-z_]{0,31}")) {
      throw Problem.of(400, "refused: expected one word in lower case, such as signature");
    }
    if (revision != null && !revision.matches("[0-9]{1,18}")) {
      throw Problem.of(400, "refused_revision: expected the revision of a bundle");
    }
    if (detail != null && !isText(detail, 0, LONGEST_DETAIL)) {
      throw Problem.of(400, "refused_detail: expected at most " + LONGEST_DETAIL + " characters");
    }
    return new Poll.Refusal(
        reason, revision == null ? 0 : Long.parseLong(revision), detail == null ? "" : detail);
  }

  private static boolean isText(String text, int least, int most) {
    return text.length() >= least
        && text.length() <= most
        && text.chars()
            .noneMatch(each -> Character.isISOControl(each) || Character.isSurrogate((char) each));
  }
}
