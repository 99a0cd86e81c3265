package io.llmtrace.testkit.gateway;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.testkit.gateway.GatewayConfig.Route;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The http-logger plugin: entries by route, delivered in batches. Its state lives on one thread.
 */
final class HttpLogger implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpLogger.class);

  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, List<Map<String, Object>>> pending = new HashMap<>();

  void log(Map<String, Object> conf, Route route, Exchange x) {
    Map<String, Object> entry = entry(conf, route, x);
    thread.execute(
        () -> {
          List<Map<String, Object>> batch =
              pending.computeIfAbsent(route.id(), id -> new ArrayList<>());
          batch.add(entry);
          if (batch.size() >= number(conf, "batch_max_size", 1000)) {
            flush(conf, route.id());
          } else if (batch.size() == 1) {
            later(number(conf, "inactive_timeout", 5), () -> flush(conf, route.id()));
          }
        });
  }

  private void flush(Map<String, Object> conf, String route) {
    List<Map<String, Object>> batch = pending.remove(route);
    if (batch != null) {
      deliver(conf, batch, number(conf, "max_retry_count", 0));
    }
  }

  private void deliver(Map<String, Object> conf, List<Map<String, Object>> batch, int retries) {
    String failure;
    try {
      Object body = number(conf, "batch_max_size", 1000) == 1 ? batch.get(0) : batch;
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(String.valueOf(conf.get("uri"))))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)));
      if (conf.get("auth_header") instanceof String secret) {
        request.header("Authorization", secret);
      }
      int status = http.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status < 400) {
        return;
      }
      failure = "status " + status;
    } catch (IOException e) {
      failure = e.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    if (retries > 0) {
      later(number(conf, "retry_delay", 1), () -> deliver(conf, batch, retries - 1));
    } else {
      LOG.warn("http-logger dropped {} entries: {}", batch.size(), failure);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // the tasks report their own failures
  private void later(int seconds, Runnable task) {
    thread.schedule(task, seconds, TimeUnit.SECONDS);
  }

  private static Map<String, Object> entry(Map<String, Object> conf, Route route, Exchange x) {
    double latency = (System.nanoTime() - x.startNanos) / 1e6;
    boolean stopped = x.upstreamStatus == 0;
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("method", x.method);
    request.put("uri", x.uri);
    request.put("url", "http://" + Objects.requireNonNullElse(x.header("host"), "") + x.uri);
    Map<String, Object> headers = new LinkedHashMap<>();
    x.headers.forEach((name, all) -> headers.put(name, all.size() == 1 ? all.get(0) : all));
    request.put("headers", headers);
    Map<String, Object> query = new LinkedHashMap<>();
    x.args.forEach(a -> query.put(a.name(), a.value() == null ? true : a.value()));
    request.put("querystring", query);
    request.put("size", x.body.length);
    if (Boolean.TRUE.equals(conf.get("include_req_body")) && !stopped) {
      request.put("body", new String(x.body, StandardCharsets.UTF_8));
    }
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("status", x.status);
    response.put("headers", new LinkedHashMap<>(x.responseHeaders));
    response.put("size", x.responseBody.size());
    if (Boolean.TRUE.equals(conf.get("include_resp_body")) && !x.aborted) {
      response.put("body", responseText(x));
    }
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("service_id", "");
    out.put("route_id", route.id());
    out.put("client_ip", x.remote.getAddress().getHostAddress());
    out.put("start_time", x.startMillis);
    out.put("latency", latency);
    out.put("apisix_latency", Math.max(0, latency - x.upstreamMillis));
    out.put("server", Map.of("version", "3.18.0", "hostname", "gateway-host"));
    out.put("request", request);
    out.put("response", response);
    if (!stopped) {
      out.put("upstream", route.host() + ":" + route.port());
      out.put("upstream_latency", x.upstreamMillis);
    }
    if (x.consumer != null) {
      out.put("consumer", Map.of("username", x.consumer));
    }
    if (conf.get("log_format_extra") instanceof Map<?, ?> extra) {
      extra.forEach(
          (name, value) -> {
            String text = String.valueOf(value);
            String resolved =
                text.startsWith("$") ? RequestFlow.variable(x, route, text.substring(1)) : text;
            if (resolved != null) {
              out.put(String.valueOf(name), resolved);
            }
          });
    }
    return out;
  }

  private static String responseText(Exchange x) {
    byte[] raw = x.responseBody.toByteArray();
    if ("gzip".equals(x.responseHeaders.get("content-encoding"))) {
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(raw))) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        LOG.debug("a gzip answer is logged as it came", e);
      }
    }
    return new String(raw, StandardCharsets.UTF_8);
  }

  private static int number(Map<String, Object> conf, String key, int otherwise) {
    return conf.get(key) instanceof Number n ? n.intValue() : otherwise;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
