package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ChannelConfig;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says whom an incident concerns. Immutable and thread-safe. */
public final class Routes implements IncidentMachine.Routing {
  private final Map<String, ChannelConfig.Common> channels;
  private final Set<String> escalationOnly;

  public Routes(AlertsConfig config) {
    this.channels =
        config.channels().stream()
            .map(ChannelConfig::common)
            .collect(Collectors.toMap(ChannelConfig.Common::name, each -> each));
    this.escalationOnly = config.escalationOnly();
  }

  /**
   * Channels whose conditions the incident meets, without those that wait for an escalation; of an
   * escalation the named ones alone, whatever their conditions. Those that were told before go on
   * being told.
   */
  @Override
  public Set<String> channels(Incident incident, Kind kind, @Nullable Set<String> named) {
    Set<String> to = new HashSet<>();
    if (named != null) {
      named.stream().filter(channels::containsKey).forEach(to::add);
      return to;
    }
    channels.forEach(
        (name, channel) -> {
          if ((!escalationOnly.contains(name) && concerns(channel, incident))
              || incident.telling().channels().contains(name)) {
            to.add(name);
          }
        });
    return to;
  }

  /** Whether a channel is told of ends. */
  public boolean tellsEnds(String channel) {
    ChannelConfig.Common known = channels.get(channel);
    return known == null || known.resolved();
  }

  private static boolean concerns(ChannelConfig.Common channel, Incident incident) {
    Integer score = Notices.score(incident);
    return incident.severity().atLeast(channel.minSeverity())
        && (score == null || score >= channel.minSecurityScore())
        && channel.match().entrySet().stream()
            .allMatch(
                each -> {
                  String value = Silence.label(incident, each.getKey());
                  return value != null && each.getValue().contains(value);
                });
  }
}
