package io.llmtrace.controlplane.alerts.people;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.alerts.delivery.ChannelHealth;
import io.llmtrace.controlplane.alerts.delivery.ConfiguredChannel;
import io.llmtrace.controlplane.alerts.delivery.Delivery;
import io.llmtrace.controlplane.alerts.incidents.Notices;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.NoFields;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.ChannelConfig.Common;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/alerts/channels}: the channels of the configuration, without their secrets. */
@Path("/api/v1/alerts/channels")
@Produces("application/json")
public final class ChannelsResource {
  private final List<ConfiguredChannel> channels;
  private final Delivery delivery;
  private final Notices notices;
  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final Ulid ids = new Ulid();

  public ChannelsResource(
      List<ConfiguredChannel> channels,
      Delivery delivery,
      Notices notices,
      ScopedJdbi jdbi,
      Clock clock) {
    this.channels = List.copyOf(channels);
    this.delivery = delivery;
    this.notices = notices;
    this.jdbi = jdbi;
    this.clock = clock;
  }

  /**
   * A channel as it is configured, and how it does.
   *
   * @param type such as {@code slack}
   * @param destination where it goes, without what may be a credential
   * @param minSecurityScore 0 to 100, of incidents of findings
   * @param match values by label, of which an incident has one each
   * @param resolved whether ends are told
   * @param failingSince epoch milliseconds; absent while it does not fail
   * @param lastError of the last failed attempt; absent while it does not fail
   * @param waiting notices that are still to be told
   * @param oldestWaiting when the oldest of them was made, epoch milliseconds
   * @param parked notices that were given up and can be sent again
   */
  public record ChannelView(
      String id,
      String type,
      String destination,
      String minSeverity,
      int minSecurityScore,
      Map<String, Set<String>> match,
      int messagesPerMinute,
      boolean resolved,
      @Nullable Long failingSince,
      @Nullable String lastError,
      long waiting,
      @Nullable Long oldestWaiting,
      long parked) {

    static ChannelView of(ConfiguredChannel channel, @Nullable ChannelHealth health) {
      Common common = channel.config().common();
      Map<String, Set<String>> match = new TreeMap<>();
      common.match().forEach((label, values) -> match.put(label, new TreeSet<>(values)));
      return new ChannelView(
          common.name(),
          channel.config().type(),
          channel.channel().destination(),
          common.minSeverity().label(),
          common.minSecurityScore(),
          match,
          common.messagesPerMinute(),
          common.resolved(),
          health == null ? null : IncidentView.millis(health.failingSince()),
          health == null ? null : health.lastError(),
          health == null ? 0 : health.waiting(),
          health == null ? null : IncidentView.millis(health.oldestWaiting()),
          health == null ? 0 : health.parked());
    }
  }

  /** All channels, in the order of the configuration. */
  @GET
  @Requires(value = Permission.ALERTS_READ, reach = Reach.INSTALLATION)
  public Page<ChannelView> channels(@Context UriInfo uri) {
    Parameters unused = Parameters.of(uri, List.of());
    Map<String, ChannelHealth> health =
        delivery.health().stream()
            .collect(Collectors.toMap(ChannelHealth::channel, Function.identity()));
    return new Page<>(
        channels.stream()
            .map(each -> ChannelView.of(each, health.get(each.config().common().name())))
            .toList(),
        null);
  }

  /**
   * What came of a message that was sent to try a channel.
   *
   * @param result {@code delivered}; {@code retry}: it would be tried again; {@code parked}: it
   *     would be given up
   * @param status of HTTP or SMTP; absent where there was no answer
   * @param error why it was not delivered; absent where it was
   */
  public record Tried(
      String result, @Nullable Integer status, @Nullable String error, long tookMillis) {}

  /** Sends a message that says it is a test, at once and once. */
  @POST
  @Path("{id}/test")
  @Requires(value = Permission.ALERTS_SEND, reach = Reach.INSTALLATION)
  @Takes(body = NoFields.class)
  public Tried testChannel(@Context Caller caller, @PathParam("id") String id, InputStream in)
      throws IOException {
    JsonBody.read(in).finish();
    ConfiguredChannel channel = find(id);
    Notice notice = notices.test(ids.next(), clock.instant(), caller.actor());
    Delivery.Trial trial =
        delivery
            .tryOut(channel.config().common().name(), notice)
            .orElseThrow(() -> Problem.absent("channel"));
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("result", trial.result());
    jdbi.write(
        caller,
        Permission.ALERTS_SEND,
        handle -> {
          Audit.append(
              handle, caller, new Change("channel.test", null, "channel:" + id, null, said));
          return true;
        });
    return new Tried(trial.result(), trial.status(), trial.error(), trial.tookMillis());
  }

  /** The message that a channel would get of an incident, with all credentials masked. */
  @GET
  @Path("{id}/preview")
  @Requires(value = Permission.ALERTS_READ, reach = Reach.INSTALLATION)
  public JsonNode previewChannel(
      @Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    return find(id)
        .channel()
        .preview(
            notices.example(ids.next(), clock.instant()),
            io.llmtrace.controlplane.alerts.channels.Context.first(clock.instant()));
  }

  private ConfiguredChannel find(String id) {
    return channels.stream()
        .filter(each -> each.config().common().name().equals(id))
        .findFirst()
        .orElseThrow(() -> Problem.absent("channel"));
  }
}
