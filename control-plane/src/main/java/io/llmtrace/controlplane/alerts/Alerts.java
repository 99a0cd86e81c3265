package io.llmtrace.controlplane.alerts;

import io.llmtrace.controlplane.alerts.channels.Channels;
import io.llmtrace.controlplane.alerts.delivery.ChannelHealth;
import io.llmtrace.controlplane.alerts.delivery.ConfiguredChannel;
import io.llmtrace.controlplane.alerts.delivery.Delivery;
import io.llmtrace.controlplane.alerts.delivery.Outbox;
import io.llmtrace.controlplane.alerts.incidents.AlertDesk;
import io.llmtrace.controlplane.alerts.incidents.IncidentMachine;
import io.llmtrace.controlplane.alerts.incidents.Notices;
import io.llmtrace.controlplane.alerts.incidents.Routes;
import io.llmtrace.controlplane.alerts.people.AlertRulesResource;
import io.llmtrace.controlplane.alerts.people.ChannelsResource;
import io.llmtrace.controlplane.alerts.people.DeliveriesResource;
import io.llmtrace.controlplane.alerts.people.IncidentPage;
import io.llmtrace.controlplane.alerts.people.IncidentsResource;
import io.llmtrace.controlplane.alerts.people.RunbooksResource;
import io.llmtrace.controlplane.alerts.people.SilencesResource;
import io.llmtrace.controlplane.alerts.rules.ChannelSeen;
import io.llmtrace.controlplane.alerts.rules.RuleBook;
import io.llmtrace.controlplane.alerts.rules.RuleEvaluator;
import io.llmtrace.controlplane.alerts.rules.RuleSettings;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.controlplane.statistics.RecentFold;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.AlertRuleFile;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.ConfigException;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/** All about alerts, put together. Thread-safe. */
public final class Alerts implements AutoCloseable {
  private final AlertDesk desk;
  private final Delivery delivery;
  private final RecentFold fold;
  private final Supplier<Jdbi> jdbi;
  private final List<Object> resources;

  private Alerts(
      AlertDesk desk,
      Delivery delivery,
      RecentFold fold,
      Supplier<Jdbi> jdbi,
      List<Object> resources) {
    this.desk = desk;
    this.delivery = delivery;
    this.fold = fold;
    this.jdbi = jdbi;
    this.resources = resources;
  }

  /**
   * As the configuration says.
   *
   * @param base of links, where the configuration names none
   * @throws ConfigException for rules that cannot be, with every problem
   * @throws IllegalArgumentException for changes to built-in rules, or templates, that cannot be
   */
  public static Alerts of(
      AlertsConfig config,
      URI base,
      Supplier<Jdbi> jdbi,
      ScopedJdbi scoped,
      MeterRegistry meters,
      Clock clock)
      throws ConfigException {
    RuleBook book = book(config);
    List<ConfiguredChannel> channels =
        config.channels().stream()
            .map(each -> new ConfiguredChannel(Channels.of(each), each))
            .toList();
    Delivery delivery =
        new Delivery(
            jdbi, channels, new TransportSettings(config.allowPrivateTargets()), meters, clock);
    Notices notices = new Notices(config.publicUrl() == null ? base : config.publicUrl());
    RuleEvaluator evaluator =
        new RuleEvaluator(
            book,
            () -> delivery.health().stream().map(Alerts::seen).toList(),
            config.evidence() == AlertsConfig.Evidence.MASKED
                ? RuleEvaluator.Evidence.MASKED
                : RuleEvaluator.Evidence.NONE);
    Ulid ids = new Ulid();
    AlertDesk desk =
        new AlertDesk(
            jdbi,
            new AlertDesk.Parts(
                book.rules(),
                evaluator::look,
                new IncidentMachine(config.pacing(), config.escalation(), ids::next),
                new Routes(config),
                notices,
                Outbox::add),
            AlertDesk.Now.DATABASE);
    return new Alerts(
        desk,
        delivery,
        new RecentFold(jdbi, clock),
        jdbi,
        List.of(
            new IncidentsResource(scoped, desk),
            new SilencesResource(scoped, clock),
            new AlertRulesResource(book.rules()),
            new ChannelsResource(channels, delivery, notices, scoped, clock),
            new DeliveriesResource(scoped, jdbi),
            new IncidentPage(jdbi, desk, clock),
            new RunbooksResource()));
  }

  private static RuleBook book(AlertsConfig config) throws ConfigException {
    List<AlertRuleFile> files = new ArrayList<>();
    for (Path file : config.ruleFiles()) {
      files.add(AlertRuleFile.load(file, System.getenv()));
    }
    return RuleBook.of(settings(config), files);
  }

  /**
   * What is wrong with a configuration beyond what its reader sees: rules, files of rules, and
   * channels. One line each, with the key; empty where {@link #of} succeeds.
   */
  public static List<String> problems(AlertsConfig config) {
    List<String> problems = new ArrayList<>();
    try {
      RuleBook unused = book(config);
    } catch (ConfigException e) {
      e.problems().forEach(each -> problems.add(each.toString()));
    } catch (IllegalArgumentException e) {
      problems.add("alerts.rules." + e.getMessage());
    }
    for (ChannelConfig each : config.channels()) {
      Channels.problems(each)
          .forEach(
              problem -> problems.add("alerts: channel " + each.common().name() + ": " + problem));
    }
    return problems;
  }

  private static ChannelSeen seen(ChannelHealth channel) {
    return new ChannelSeen(
        channel.channel(), channel.failingSince(), channel.parked(), channel.oldestWaiting());
  }

  private static Map<String, RuleSettings> settings(AlertsConfig config) {
    Map<String, RuleSettings> settings = new LinkedHashMap<>();
    config
        .rules()
        .forEach(
            (name, each) ->
                settings.put(
                    name,
                    new RuleSettings(
                        each.enabled(),
                        each.threshold(),
                        each.until(),
                        each.window(),
                        each.hold(),
                        each.keep(),
                        each.severity(),
                        each.by())));
    return settings;
  }

  /** What answers requests. */
  public List<Object> resources() {
    return resources;
  }

  /** Begins to deliver; the database need not be there yet. */
  public void start() {
    delivery.start();
  }

  /** Looks at all rules once, or does nothing while another replica is at it. */
  public void look() {
    desk.run();
    delivery.wake();
  }

  /** Sums up what rules look at. */
  public void fold() {
    fold.run();
  }

  /** Forgets what is past its time. */
  public void expire() {
    desk.expire();
    Outbox.forget(jdbi);
  }

  /** Ends deliveries that are on their way, or leaves them to another replica. */
  @Override
  public void close() {
    delivery.close();
  }
}
