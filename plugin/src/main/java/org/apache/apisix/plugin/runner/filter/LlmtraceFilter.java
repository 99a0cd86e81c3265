package org.apache.apisix.plugin.runner.filter;

import io.llmtrace.plugin.FilterHost;
import io.llmtrace.plugin.PluginProcess;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.apisix.plugin.runner.HttpRequest;
import org.apache.apisix.plugin.runner.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * The plugin as a filter of the stock APISIX Java Plugin Runner, for those who run one anyway. The
 * runner finds it by its package; a route names it {@code llmtrace}. The configuration file is
 * named by the system property {@code llmtrace.config} or the environment variable {@code
 * LLMTRACE_CONFIG}. A filter that cannot start says so in the log and lets traffic pass.
 * Thread-safe.
 *
 * <p>It asks for the request body and never for a response body, for which this runner would answer
 * a call twice.
 */
@Component
public final class LlmtraceFilter implements PluginFilter, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LlmtraceFilter.class);
  private static final List<String> VARIABLES = List.of("route_id", "consumer_name", "request_id");
  private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final @Nullable PluginProcess<FilterHost> process;
  private final AtomicLong passed = new AtomicLong();
  private final AtomicLong complainedAt = new AtomicLong(System.nanoTime() - COMPLAINT_NANOS);

  public LlmtraceFilter() {
    this(configured());
  }

  LlmtraceFilter(@Nullable Path config) {
    this.process = start(config);
  }

  private static @Nullable Path configured() {
    String file = System.getProperty("llmtrace.config", System.getenv("LLMTRACE_CONFIG"));
    return file == null || file.isBlank() ? null : Path.of(file);
  }

  /*
   * An exception here would end the whole runner, and with it every other filter of the gateway.
   */
  private static @Nullable PluginProcess<FilterHost> start(@Nullable Path config) {
    if (config == null) {
      LOG.error(
          "llmtrace did not start, traffic passes uninspected: name the configuration file in the"
              + " environment variable LLMTRACE_CONFIG or the system property llmtrace.config");
      return null;
    }
    try {
      return PluginProcess.startInRunner(
          ConfigFile.load(config, System.getenv(), ConfigFile.Role.PLUGIN));
    } catch (ConfigException e) {
      LOG.error("llmtrace did not start, traffic passes uninspected:\n{}", e.getMessage());
    } catch (IOException | RuntimeException | LinkageError e) {
      LOG.error("llmtrace did not start, traffic passes uninspected", e);
    }
    return null;
  }

  @Override
  public String name() {
    return RouteConf.CONF_NAME;
  }

  @Override
  public List<String> requiredVars() {
    return VARIABLES;
  }

  @Override
  public Boolean requiredBody() {
    return Boolean.TRUE;
  }

  @Override
  public Boolean requiredRespBody() {
    return Boolean.FALSE;
  }

  @Override
  public void filter(HttpRequest request, HttpResponse response, PluginFilterChain chain) {
    Answer answer = decide(request);
    if (answer instanceof Answer.Stop stop) {
      stop(response, stop.status(), stop.headers(), stop.body());
      // The chain ends here: a later filter that sets a request header would turn this into "go
      // on".
      return;
    }
    if (answer instanceof Answer.Rewrite rewrite) {
      if (rewrite.body() != null) {
        // This SDK cannot say it, and the old body must not pass as if it had been cleaned.
        LOG.error("a stock runner cannot rewrite a request body; the request is refused");
        stop(response, 403, Map.of(), new byte[0]);
        return;
      }
      rewrite.headers().forEach(request::setHeader);
      rewrite.removed().forEach(name -> request.setHeader(name, null));
    }
    chain.filter(request, response);
  }

  private @Nullable Answer decide(HttpRequest request) {
    if (process == null) {
      passedUninspected(null);
      return null;
    }
    try {
      return process.requestSide().decide(call(request));
    } catch (RuntimeException | LinkageError e) {
      passedUninspected(e);
      return null;
    }
  }

  private static void stop(
      HttpResponse response, int status, Map<String, String> headers, byte[] body) {
    response.setStatusCode(status);
    headers.forEach(response::setHeader);
    response.setBody(new String(body, StandardCharsets.UTF_8));
  }

  private FilterHost.Call call(HttpRequest request) {
    Map<String, String> headers = new HashMap<>();
    request.getHeaders().forEach((name, value) -> headers.put(lower(name), value));
    return new FilterHost.Call(
        request.getConfig(this),
        request.getMethod().name(),
        request.getPath(),
        headers,
        request.getBody(),
        variable(request, VARIABLES.get(0)),
        variable(request, VARIABLES.get(1)),
        variable(request, VARIABLES.get(2)),
        address(request.getSourceIP()));
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static String variable(HttpRequest request, String name) {
    String value = request.getVars(name);
    return value == null ? "" : value;
  }

  // The SDK writes every address as decimal bytes with dots, sixteen of them for IPv6.
  private static String address(@Nullable String dotted) {
    if (dotted == null) {
      return "";
    }
    String[] parts = dotted.split("\\.", -1);
    if (parts.length != 16) {
      return dotted;
    }
    byte[] bytes = new byte[16];
    try {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) Integer.parseInt(parts[i]);
      }
      return InetAddress.getByAddress(bytes).getHostAddress();
    } catch (NumberFormatException | UnknownHostException e) {
      LOG.debug("not an address: {}", dotted, e);
      return dotted;
    }
  }

  /** Counts, and says so once a minute: a log line for each request would hurt more than help. */
  private void passedUninspected(@Nullable Throwable cause) {
    passed.incrementAndGet();
    long last = complainedAt.get();
    long now = System.nanoTime();
    if (now - last >= COMPLAINT_NANOS && complainedAt.compareAndSet(last, now)) {
      LOG.error("{} requests passed uninspected since the start", passed.get(), cause);
    }
  }

  /** Sends what can be sent within seconds and leaves the rest on disk. Spring calls this. */
  @Override
  public void close() throws IOException {
    if (process != null) {
      process.close();
    }
  }
}
