package io.llmtrace.controlplane;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.setup.Environment;
import io.llmtrace.controlplane.access.Access;
import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.access.Authenticator;
import io.llmtrace.controlplane.access.Callers;
import io.llmtrace.controlplane.access.MeResource;
import io.llmtrace.controlplane.access.RateLimitFilter;
import io.llmtrace.controlplane.access.RequestLogFilter;
import io.llmtrace.controlplane.alerts.Alerts;
import io.llmtrace.controlplane.anomalies.AnomaliesExport;
import io.llmtrace.controlplane.anomalies.AnomaliesResource;
import io.llmtrace.controlplane.anomalies.AnomalyJob;
import io.llmtrace.controlplane.audit.AuditResource;
import io.llmtrace.controlplane.budgets.BudgetsResource;
import io.llmtrace.controlplane.budgets.LeasesResource;
import io.llmtrace.controlplane.budgets.SpendResource;
import io.llmtrace.controlplane.content.Content;
import io.llmtrace.controlplane.conversations.ConversationsResource;
import io.llmtrace.controlplane.exchanges.ExchangesExport;
import io.llmtrace.controlplane.exchanges.ExchangesResource;
import io.llmtrace.controlplane.export.Exports;
import io.llmtrace.controlplane.feedback.FeedbackResource;
import io.llmtrace.controlplane.feedback.FindingFeedbackResource;
import io.llmtrace.controlplane.findings.FindingStates;
import io.llmtrace.controlplane.findings.FindingsExport;
import io.llmtrace.controlplane.findings.FindingsResource;
import io.llmtrace.controlplane.http.JsonBodies;
import io.llmtrace.controlplane.http.SecurityHeaders;
import io.llmtrace.controlplane.ingest.ExchangeListener;
import io.llmtrace.controlplane.ingest.Ingest;
import io.llmtrace.controlplane.ingest.IngestResource;
import io.llmtrace.controlplane.ingest.Sweep;
import io.llmtrace.controlplane.ingest.WireBody;
import io.llmtrace.controlplane.instances.InstancesResource;
import io.llmtrace.controlplane.keys.FirstKeys;
import io.llmtrace.controlplane.keys.KeyDirectory;
import io.llmtrace.controlplane.keys.KeyWatch;
import io.llmtrace.controlplane.keys.KeysResource;
import io.llmtrace.controlplane.lifecycle.Erasures;
import io.llmtrace.controlplane.lifecycle.ErasuresResource;
import io.llmtrace.controlplane.lifecycle.Holds;
import io.llmtrace.controlplane.lifecycle.HoldsResource;
import io.llmtrace.controlplane.lifecycle.Housekeeping;
import io.llmtrace.controlplane.metrics.MetricsResource;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.metrics.TotalsCollector;
import io.llmtrace.controlplane.nodes.Nodes;
import io.llmtrace.controlplane.oidc.OidcAuthenticator;
import io.llmtrace.controlplane.openapi.DocsResource;
import io.llmtrace.controlplane.openapi.OpenApiResource;
import io.llmtrace.controlplane.prices.PricesResource;
import io.llmtrace.controlplane.query.LongReads;
import io.llmtrace.controlplane.reports.ReportsResource;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.settings.SettingsResource;
import io.llmtrace.controlplane.signing.SigningKey;
import io.llmtrace.controlplane.signing.SigningKeyResource;
import io.llmtrace.controlplane.statistics.RollupFold;
import io.llmtrace.controlplane.statistics.RollupPacks;
import io.llmtrace.controlplane.statistics.StatisticsResource;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.controlplane.storage.Storage;
import io.llmtrace.controlplane.tenants.ListedTenants;
import io.llmtrace.controlplane.tenants.TenantRetention;
import io.llmtrace.controlplane.tenants.TenantsResource;
import io.llmtrace.controlplane.tls.InstanceCertificates;
import io.llmtrace.controlplane.tls.TlsConnector;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.RetentionConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control plane. The HTTP ports are bound when {@link #start} returns; storage follows in the
 * background, see {@code /readyz}. Thread-safe.
 */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
public final class ControlPlane implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);

  private final Server server;
  private final Storage storage;
  private final KeyWatch watch;
  private final List<ApiOperation> operations;
  private final List<Jobs> jobs;
  private final Ingest ingest;
  private final TelemetryParts telemetry;
  private final Alerts alerts;
  private final PolicyParts policies;
  private final Meters meters;

  private ControlPlane(
      Server server,
      Storage storage,
      KeyWatch watch,
      List<ApiOperation> operations,
      List<Jobs> jobs,
      Ingest ingest,
      TelemetryParts telemetry,
      Alerts alerts,
      PolicyParts policies,
      Meters meters) {
    this.server = server;
    this.storage = storage;
    this.watch = watch;
    this.operations = operations;
    this.jobs = jobs;
    this.ingest = ingest;
    this.telemetry = telemetry;
    this.alerts = alerts;
    this.policies = policies;
    this.meters = meters;
  }

  /**
   * Starts a control plane.
   *
   * @throws IllegalArgumentException when metrics would be open to a network without a word for it
   * @throws Exception when a port cannot be bound or the data directory cannot be written
   */
  public static ControlPlane start(LlmtraceConfig config) throws Exception {
    ControlPlaneConfig own = config.controlPlane();
    if (!InetAddress.getByName(own.bind()).isLoopbackAddress()
        && config.metrics().token() == null
        && !config.metrics().isPublic()) {
      throw new IllegalArgumentException(
          "control_plane.bind: "
              + own.bind()
              + " is not loopback; set metrics.token, or metrics.public: true");
    }
    MetricRegistry dropwizard = new MetricRegistry();
    String slot =
        new String(
            PrivateFiles.createOrRead(
                own.dataDirectory().resolve("replica-slot"),
                new Ulid().next().getBytes(StandardCharsets.UTF_8)),
            StandardCharsets.UTF_8);
    SigningKey signing = SigningKey.load(own.signingKey(), own.dataDirectory());
    Totals totals = new Totals(slot);
    Clock clock = Clock.systemUTC();
    KeyDirectory keys = new KeyDirectory(clock);
    FirstKeys first = new FirstKeys(own.dataDirectory(), own.firstKeys());
    // Nodes need the storage, and the storage fills them once it is there.
    Storage[] holder = new Storage[1];
    Nodes nodes = new Nodes(() -> holder[0].jdbi());
    Settings settings = ServiceSettings.of(own);
    TenantRetention retention = new TenantRetention(settings);
    Storage storage =
        new Storage(
            own,
            dropwizard,
            jdbi -> {
              totals.load(jdbi);
              nodes.load(jdbi);
              first.makeWhereMissing(jdbi);
              keys.refresh(jdbi);
              settings.refresh(jdbi);
            });
    holder[0] = storage;
    KeyWatch watch = new KeyWatch(storage::jdbi, keys);
    ScopedJdbi scoped = new ScopedJdbi(storage::jdbi);
    Partitions partitions = partitions(own.retention(), clock);
    WireBody bodies = new WireBody();
    Content content = Content.of(own, storage::jdbi, scoped, bodies, totals, clock);

    Meters metering = new Meters(dropwizard, new TotalsCollector(totals, nodes));
    PrometheusMeterRegistry meters = metering.registry();
    TelemetryParts telemetry = TelemetryParts.of(own, slot, storage::jdbi, meters);
    ExchangeListener listener = telemetry.listener();
    Ingest ingest =
        new Ingest(storage::jdbi, new ListedTenants(), totals, partitions, retention::of, listener);

    TlsConnector tls =
        own.tls().isPresent() ? new TlsConnector(own.bind(), own.port(), own.tls()) : null;
    DefaultServerFactory factory = HttpServers.factory(own, tls);
    Environment environment = HttpServers.environment(factory, dropwizard, storage);
    environment.jersey().register(new ProblemMapper());
    environment.jersey().register(new SecurityHeaders());
    environment.jersey().register(new JsonBodies());
    if (own.tls().authority() != null) {
      environment.jersey().register(new InstanceCertificates());
    }
    Runnable changed =
        () -> {
          watch.now();
          settings.refresh(storage.jdbi());
        };
    LongReads reads = new LongReads();
    Exports exports = new Exports(scoped, reads);
    LeasesResource leases = new LeasesResource(bodies, storage::jdbi);
    Callers callers = new Callers(authenticators(own, keys), meters);
    Alerts alerts = Alerts.of(config.alerts(), address(own), storage::jdbi, scoped, meters, clock);
    PolicyParts policies =
        PolicyParts.of(own, storage::jdbi, scoped, settings, callers, meters, clock);
    List<Object> resources =
        new ArrayList<>(
            List.of(
                new HealthResource(storage, nodes, callers, policies::newestRevision),
                new MetricsResource(meters, config.metrics().token()),
                new IngestResource(bodies, ingest, nodes),
                content.ingest(),
                content.reads(),
                content.keys(),
                new ExchangesResource(scoped),
                new ExchangesExport(exports),
                new FindingsResource(scoped),
                new FindingsExport(exports),
                new FindingFeedbackResource(scoped),
                new FeedbackResource(scoped),
                new AnomaliesResource(scoped),
                new AnomaliesExport(exports),
                new ConversationsResource(scoped, clock),
                new InstancesResource(scoped),
                new StatisticsResource(scoped),
                new MeResource(),
                new TenantsResource(scoped, settings, changed),
                new KeysResource(scoped, clock, changed),
                new AuditResource(scoped, reads),
                new HoldsResource(scoped),
                new ErasuresResource(scoped),
                new ReportsResource(scoped, clock, own.retention()),
                new SigningKeyResource(signing),
                new SpendResource(scoped, clock),
                new BudgetsResource(scoped, clock, settings),
                new PricesResource(scoped, clock, config.prices()),
                new SettingsResource(scoped, settings, changed),
                leases));
    resources.addAll(alerts.resources());
    resources.addAll(telemetry.resources(config, bodies, ingest, clock));
    resources.addAll(policies.resources());
    List<ApiOperation> operations =
        Access.register(environment.jersey(), callers, List.copyOf(resources));
    environment.jersey().register(new RequestLogFilter());
    environment
        .jersey()
        .register(new RateLimitFilter(own.rateLimit(), own.otlpIngest().rateLimit(), meters));
    environment.jersey().register(new OpenApiResource(operations));
    environment.jersey().register(new DocsResource());
    Server server = factory.build(environment);
    server.setErrorHandler(new ProblemErrors());
    environment.getApplicationContext().setErrorHandler(new ProblemErrors());
    server.start();

    storage.start();
    watch.start();
    Holds holds = new Holds(storage::jdbi, partitions, retention::of);
    Erasures erasures = new Erasures(storage::jdbi, partitions, signing);
    Sweep sweep = new Sweep(storage::jdbi, totals, partitions, listener);
    // Moves and erasures may take long; sums and sweeps must not wait for them, and alerts for
    // nothing.
    Jobs jobs = new Jobs(dropwizard, 4);
    Jobs watching = new Jobs(dropwizard, 1);
    jobs.every(Duration.ofSeconds(10), "sweep", sweep::run);
    // Another replica may have changed a setting, and nodes report to any.
    jobs.every(Duration.ofSeconds(15), "settings", () -> settings.refresh(storage.jdbi()));
    jobs.every(Duration.ofSeconds(5), "nodes", () -> nodes.load(storage.jdbi()));
    jobs.every(Duration.ofMinutes(1), "holds", holds::run);
    jobs.every(Duration.ofSeconds(5), "erasures", erasures::run);
    jobs.every(Duration.ofMinutes(1), "leases", leases::expire);
    AnomalyJob anomalies = new AnomalyJob(storage::jdbi, totals, clock, own.anomalies());
    jobs.every(Duration.ofMinutes(3), "anomalies", anomalies::run);
    keep(jobs, storage, partitions, holds);
    watching.every(Duration.ofSeconds(1), "alerts", alerts::look);
    jobs.every(Duration.ofSeconds(10), "recent", alerts::fold);
    jobs.every(Duration.ofHours(1), "alerts-expiry", alerts::expire);
    alerts.start();
    telemetry.start();
    policies.schedule(jobs);
    jobs.every(Duration.ofMinutes(1), "content", content::maintain);
    if (tls != null) {
      watching.every(Duration.ofSeconds(1), "certificates", tls::renew);
    }
    ControlPlane started =
        new ControlPlane(
            server,
            storage,
            watch,
            operations,
            List.of(watching, jobs),
            ingest,
            telemetry,
            alerts,
            policies,
            metering);
    log.info("Control plane listens on {}:{}", own.bind(), started.port());
    return started;
  }

  /** Where links lead if nobody says how people reach this. */
  private static URI address(ControlPlaneConfig own) {
    String host = own.bind().contains(":") ? "[" + own.bind() + "]" : own.bind();
    return URI.create((own.tls().isPresent() ? "https://" : "http://") + host + ":" + own.port());
  }

  /** Sums up what came, and drops what is past its time. */
  private static void keep(Jobs jobs, Storage storage, Partitions partitions, Holds holds) {
    jobs.every(Duration.ofSeconds(2), "rollup", new RollupFold(storage::jdbi)::runWhereDue);
    jobs.every(Duration.ofMinutes(1), "rollup-packs", new RollupPacks(storage::jdbi)::run);
    jobs.every(
        Duration.ofMinutes(1), "retention", () -> partitions.maintain(storage.jdbi(), holds));
    jobs.every(Duration.ofHours(1), "housekeeping", new Housekeeping(storage::jdbi)::run);
    jobs.every(
        Duration.ofHours(1),
        "finding-states",
        () -> FindingStates.expire(storage.jdbi(), partitions.keptFrom(RetentionClass.SHORT)));
  }

  private static Partitions partitions(RetentionConfig kept, Clock clock) {
    return new Partitions(
        clock,
        Map.of(
            RetentionClass.SHORT,
            kept.shortDays(),
            RetentionClass.STANDARD,
            kept.standardDays(),
            RetentionClass.LONG,
            kept.longDays()));
  }

  private static List<Authenticator> authenticators(ControlPlaneConfig own, KeyDirectory keys) {
    return own.oidc() == null
        ? List.of(keys)
        : List.of(keys, new OidcAuthenticator(own.oidc(), keys::active));
  }

  /** The port of the API. */
  public int port() {
    return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
  }

  /** The port that only this machine reaches. */
  int adminPort() {
    return ((ServerConnector) server.getConnectors()[1]).getLocalPort();
  }

  /** Everything that the API answers, with what it asks of callers. */
  public List<ApiOperation> operations() {
    return operations;
  }

  /** Stops taking requests, then the database. */
  @Override
  public void close() throws Exception {
    // Whoever waits would keep the server from ending.
    policies.close();
    server.stop();
    ingest.close();
    jobs.forEach(Jobs::close);
    telemetry.close();
    alerts.close();
    watch.close();
    storage.close();
    meters.close();
    log.info("Control plane stopped");
  }
}
