package io.llmtrace.runtime.config;

import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.limit.Limit;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code plugin}: the process beside the gateway.
 *
 * @param node the name under which this node reports
 * @param socket Unix socket that the gateway calls
 * @param dataDirectory spool, conf tokens, keys; relative to the working directory
 * @param controlPlaneUrl base address of the control plane
 * @param apiKey instance key for the control plane; {@code null} keeps records in the spool
 * @param bind address of the local port
 * @param port local health, metrics and tap; 0 takes a free one
 * @param tapSecret what http-logger must send; {@code null} has one made on first start
 * @param inspectKey bearer key of {@code POST /inspect}; {@code null} closes that path
 * @param budget longest time that an inspection may hold a request
 * @param onUninspectable default of routes that do not say
 * @param workers inspection threads; 0 means one a core
 * @param queue requests that may wait for a worker
 * @param maxBodyBytesInMemory bytes of all bodies held at once
 * @param maxRequestBody largest body that is inspected, in bytes
 * @param reportInterval pause between two snapshots to the control plane
 * @param drainTimeout longest time that a leaving process answers what is in flight
 * @param spool records on disk
 * @param answers what is done with answers
 * @param identity where tenant and agent of an exchange are taken from
 * @param capture bounds of what is kept of content
 * @param dialects the APIs that are known, with those of mappings
 * @param budgetsAlone what holds of the control plane's budgets while it is gone
 * @param policies whose policies it goes by
 * @param controlPlaneTls what it shows the control plane, and whose certificates it takes there
 */
public record PluginConfig(
    String node,
    Path socket,
    Path dataDirectory,
    URI controlPlaneUrl,
    @Nullable Secret apiKey,
    String bind,
    int port,
    @Nullable Secret tapSecret,
    @Nullable Secret inspectKey,
    Duration budget,
    OnUninspectable onUninspectable,
    int workers,
    int queue,
    long maxBodyBytesInMemory,
    long maxRequestBody,
    Duration reportInterval,
    Duration drainTimeout,
    SpoolConfig spool,
    AnswersConfig answers,
    IdentityConfig identity,
    CaptureConfig capture,
    Dialects dialects,
    Limit.Alone budgetsAlone,
    PoliciesConfig policies,
    TlsConfig controlPlaneTls) {

  /** The defaults; the node is named after the host. */
  public static PluginConfig defaults(Map<String, String> env) {
    return new PluginConfig(
        HostName.of(env),
        Path.of("/tmp/llmtrace/runner.sock"),
        Path.of("data/plugin"),
        URI.create("http://127.0.0.1:8080"),
        null,
        "127.0.0.1",
        9464,
        null,
        null,
        Duration.ofMillis(150),
        OnUninspectable.PASS,
        0,
        256,
        256L << 20,
        16L << 20,
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        SpoolConfig.defaults(),
        AnswersConfig.defaults(),
        IdentityConfig.none(),
        CaptureConfig.defaults(),
        Dialects.builtIn(),
        Limit.Alone.LOCAL,
        PoliciesConfig.none(),
        TlsConfig.none());
  }

  /** A builder that starts with these values. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Changes a few of many values; not thread-safe. */
  public static final class Builder {
    private String node;
    private Path socket;
    private Path dataDirectory;
    private URI controlPlaneUrl;
    private @Nullable Secret apiKey;
    private String bind;
    private int port;
    private @Nullable Secret tapSecret;
    private @Nullable Secret inspectKey;
    private Duration budget;
    private OnUninspectable onUninspectable;
    private int workers;
    private int queue;
    private long maxBodyBytesInMemory;
    private long maxRequestBody;
    private Duration reportInterval;
    private Duration drainTimeout;
    private SpoolConfig spool;
    private AnswersConfig answers;
    private IdentityConfig identity;
    private CaptureConfig capture;
    private Dialects dialects;
    private Limit.Alone budgetsAlone;
    private PoliciesConfig policies;
    private TlsConfig controlPlaneTls;

    private Builder(PluginConfig from) {
      this.node = from.node;
      this.socket = from.socket;
      this.dataDirectory = from.dataDirectory;
      this.controlPlaneUrl = from.controlPlaneUrl;
      this.apiKey = from.apiKey;
      this.bind = from.bind;
      this.port = from.port;
      this.tapSecret = from.tapSecret;
      this.inspectKey = from.inspectKey;
      this.budget = from.budget;
      this.onUninspectable = from.onUninspectable;
      this.workers = from.workers;
      this.queue = from.queue;
      this.maxBodyBytesInMemory = from.maxBodyBytesInMemory;
      this.maxRequestBody = from.maxRequestBody;
      this.reportInterval = from.reportInterval;
      this.drainTimeout = from.drainTimeout;
      this.spool = from.spool;
      this.answers = from.answers;
      this.identity = from.identity;
      this.capture = from.capture;
      this.dialects = from.dialects;
      this.budgetsAlone = from.budgetsAlone;
      this.policies = from.policies;
      this.controlPlaneTls = from.controlPlaneTls;
    }

    public Builder node(String value) {
      this.node = value;
      return this;
    }

    public Builder socket(Path value) {
      this.socket = value;
      return this;
    }

    public Builder dataDirectory(Path value) {
      this.dataDirectory = value;
      return this;
    }

    public Builder controlPlaneUrl(URI value) {
      this.controlPlaneUrl = value;
      return this;
    }

    public Builder apiKey(@Nullable Secret value) {
      this.apiKey = value;
      return this;
    }

    public Builder bind(String value) {
      this.bind = value;
      return this;
    }

    public Builder port(int value) {
      this.port = value;
      return this;
    }

    public Builder tapSecret(@Nullable Secret value) {
      this.tapSecret = value;
      return this;
    }

    public Builder inspectKey(@Nullable Secret value) {
      this.inspectKey = value;
      return this;
    }

    public Builder budget(Duration value) {
      this.budget = value;
      return this;
    }

    public Builder onUninspectable(OnUninspectable value) {
      this.onUninspectable = value;
      return this;
    }

    public Builder workers(int value) {
      this.workers = value;
      return this;
    }

    public Builder queue(int value) {
      this.queue = value;
      return this;
    }

    public Builder maxBodyBytesInMemory(long value) {
      this.maxBodyBytesInMemory = value;
      return this;
    }

    public Builder maxRequestBody(long value) {
      this.maxRequestBody = value;
      return this;
    }

    public Builder reportInterval(Duration value) {
      this.reportInterval = value;
      return this;
    }

    public Builder drainTimeout(Duration value) {
      this.drainTimeout = value;
      return this;
    }

    public Builder spool(SpoolConfig value) {
      this.spool = value;
      return this;
    }

    public Builder answers(AnswersConfig value) {
      this.answers = value;
      return this;
    }

    public Builder identity(IdentityConfig value) {
      this.identity = value;
      return this;
    }

    public Builder capture(CaptureConfig value) {
      this.capture = value;
      return this;
    }

    public Builder dialects(Dialects value) {
      this.dialects = value;
      return this;
    }

    public Builder budgetsAlone(Limit.Alone value) {
      this.budgetsAlone = value;
      return this;
    }

    public Builder policies(PoliciesConfig value) {
      this.policies = value;
      return this;
    }

    public Builder controlPlaneTls(TlsConfig value) {
      this.controlPlaneTls = value;
      return this;
    }

    public PluginConfig build() {
      return new PluginConfig(
          node,
          socket,
          dataDirectory,
          controlPlaneUrl,
          apiKey,
          bind,
          port,
          tapSecret,
          inspectKey,
          budget,
          onUninspectable,
          workers,
          queue,
          maxBodyBytesInMemory,
          maxRequestBody,
          reportInterval,
          drainTimeout,
          spool,
          answers,
          identity,
          capture,
          dialects,
          budgetsAlone,
          policies,
          controlPlaneTls);
    }
  }
}
