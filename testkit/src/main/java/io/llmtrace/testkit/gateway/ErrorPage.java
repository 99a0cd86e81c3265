package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.Optional;

/** The page that nginx sends for an error without a body, with APISIX's line in it. */
final class ErrorPage {
  private static final Map<Integer, String> TITLES =
      Map.ofEntries(
          Map.entry(400, "Bad Request"),
          Map.entry(401, "Authorization Required"),
          Map.entry(402, "Payment Required"),
          Map.entry(403, "Forbidden"),
          Map.entry(404, "Not Found"),
          Map.entry(405, "Not Allowed"),
          Map.entry(408, "Request Time-out"),
          Map.entry(409, "Conflict"),
          Map.entry(411, "Length Required"),
          Map.entry(413, "Request Entity Too Large"),
          Map.entry(414, "Request-URI Too Large"),
          Map.entry(415, "Unsupported Media Type"),
          Map.entry(429, "Too Many Requests"),
          Map.entry(500, "Internal Server Error"),
          Map.entry(501, "Not Implemented"),
          Map.entry(502, "Bad Gateway"),
          Map.entry(503, "Service Temporarily Unavailable"),
          Map.entry(504, "Gateway Time-out"));

  private ErrorPage() {}

  /** Empty for a status that nginx has no page for. */
  static Optional<byte[]> of(int status) {
    return Optional.ofNullable(TITLES.get(status))
        .map(
            title ->
                """
                <html>
                <head><title>%1$d %2$s</title></head>
                <body>
                <center><h1>%1$d %2$s</h1></center>
                <hr><center>openresty</center>
                <p><em>Powered by <a href="https://apisix.apache.org/">APISIX</a>.</em></p></body>
                </html>
                """
                    .formatted(status, title)
                    .replace("\n", "\r\n")
                    .getBytes(UTF_8));
  }
}
