package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.testkit.a6.Entry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One entry of the http-logger, in the recorded shape. */
final class LogEntry {
  private static final Logger LOG = LoggerFactory.getLogger(LogEntry.class);

  private LogEntry() {}

  static Map<String, Object> of(Map<String, Object> conf, Exchange x) {
    Map<String, Object> out = new LinkedHashMap<>();
    if (conf.get("log_format") instanceof Map<?, ?> format) {
      formatted(format, x, out);
      out.put("route_id", routeId(x));
      return out;
    }
    double latency = (x.endNanos - x.startNanos) / 1e6;
    long upstreamMillis = TimeUnit.NANOSECONDS.toMillis(x.upstreamEndNanos - x.upstreamSentNanos);
    out.put("service_id", "");
    out.put("route_id", routeId(x));
    out.put("client_ip", x.remote.getAddress().getHostAddress());
    out.put("start_time", x.startMillis);
    out.put("latency", latency);
    out.put("server", Map.of("version", "3.18.0", "hostname", "gateway-host"));
    out.put("request", request(conf, x));
    out.put("response", response(conf, x));
    if (x.upstream == null) {
      out.put("apisix_latency", latency);
    } else {
      out.put("apisix_latency", Math.max(0, latency - upstreamMillis));
      out.put("upstream", x.upstream);
      out.put("upstream_latency", upstreamMillis);
    }
    if (x.consumer != null) {
      out.put("consumer", Map.of("username", x.consumer));
    }
    if (conf.get("log_format_extra") instanceof Map<?, ?> extra) {
      formatted(extra, x, out);
    }
    return out;
  }

  private static String routeId(Exchange x) {
    return x.route == null ? "" : x.route.id();
  }

  private static void formatted(Map<?, ?> format, Exchange x, Map<String, Object> out) {
    format.forEach(
        (name, value) -> {
          String text = String.valueOf(value);
          Object resolved = text.startsWith("$") ? Variables.value(x, text.substring(1)) : text;
          if (resolved != null) {
            out.put(String.valueOf(name), resolved);
          }
        });
  }

  private static Map<String, Object> request(Map<String, Object> conf, Exchange x) {
    Map<String, Object> headers = new LinkedHashMap<>();
    x.headers.forEach((name, all) -> headers.put(name, all.size() == 1 ? all.get(0) : all));
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("method", x.method);
    request.put("uri", x.uri);
    request.put("url", "http://" + x.host() + x.uri);
    request.put("headers", headers);
    request.put("querystring", querystring(x));
    request.put("size", x.requestBytes);
    if (Boolean.TRUE.equals(conf.get("include_req_body")) && x.bodyRead && x.body.length > 0) {
      request.put("body", new String(x.body, UTF_8));
    }
    return request;
  }

  /** A flag is true, a repeated argument a list. */
  private static Map<String, Object> querystring(Exchange x) {
    Map<String, List<Object>> values = new LinkedHashMap<>();
    for (Entry arg : x.args) {
      String value = arg.value();
      values
          .computeIfAbsent(arg.name(), n -> new ArrayList<>(1))
          .add(Optional.<Object>ofNullable(value).orElse(true));
    }
    Map<String, Object> query = new LinkedHashMap<>();
    values.forEach((name, all) -> query.put(name, all.size() == 1 ? all.get(0) : all));
    return query;
  }

  private static Map<String, Object> response(Map<String, Object> conf, Exchange x) {
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("status", x.status);
    response.put("headers", new LinkedHashMap<>(x.responseHeaders));
    response.put("size", x.responseBytes);
    if (Boolean.TRUE.equals(conf.get("include_resp_body")) && !x.aborted) {
      response.put("body", responseText(x));
    }
    return response;
  }

  /** The body that the client got, decoded; as it came where it cannot be. */
  static String responseText(Exchange x) {
    byte[] raw = x.responseBody.toByteArray();
    if ("gzip".equals(x.responseHeaders.get("content-encoding"))) {
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(raw))) {
        return new String(in.readAllBytes(), UTF_8);
      } catch (IOException e) {
        LOG.debug("a gzip answer is logged as it came", e);
      }
    }
    return new String(raw, UTF_8);
  }
}
