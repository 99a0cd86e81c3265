package io.llmtrace.controlplane.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.TestControlPlane;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The page {@code /docs} works without any other host. */
@ExtendWith(TestControlPlane.Extension.class)
class DocsPageTest {
  private static final Pattern LINK = Pattern.compile("(?:src|href|url|action)=\"([^\"]*)\"");

  @Test
  void thePageLoadsFromThisServiceOnly(TestControlPlane plane) throws Exception {
    HttpResponse<String> page = plane.call("GET", "/docs", "", null);
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
    List<String> links = new ArrayList<>();
    Matcher link = LINK.matcher(page.body());
    while (link.find()) {
      links.add(link.group(1));
    }
    assertThat(links).hasSize(5).allMatch(each -> each.startsWith("/docs/"));
    for (String each : links) {
      HttpResponse<String> file = plane.call("GET", each, "", null);
      assertThat(file.statusCode()).as(each).isEqualTo(200);
      assertThat(file.body()).as(each).isNotEmpty();
    }
    // Nothing inline: the policy would not run it.
    assertThat(page.body())
        .doesNotContain("<style")
        .doesNotContain(" on")
        .doesNotContain("<script>");
  }

  @Test
  void noBrowserIsLetToAnyOtherHost(TestControlPlane plane) throws Exception {
    for (String path : List.of("/docs", "/docs/page.js", "/docs/swagger-ui-bundle.js")) {
      String policy =
          plane
              .call("GET", path, "", null)
              .headers()
              .firstValue("Content-Security-Policy")
              .orElse("");
      assertThat(policy)
          .startsWith("default-src 'none'")
          .doesNotContain("unsafe")
          .doesNotContain("http")
          .doesNotContain("*");
    }
    String script = plane.call("GET", "/docs/page.js", "", null).body();
    assertThat(script)
        .contains("validatorUrl: null")
        .contains("url: \"/api/v1/openapi.json\"")
        .doesNotContain("://");
  }

  @Test
  void thereIsNoOtherFileThere(TestControlPlane plane) throws Exception {
    for (String path :
        List.of(
            "/docs/x", "/docs/..%2fpage.css", "/docs/%2e%2e/logback.xml", "/docs/index.html/x")) {
      assertThat(plane.call("GET", path, "", null).statusCode()).as(path).isIn(400, 404);
    }
  }

  @Test
  void theVersionIsThatOfTheJar() throws Exception {
    Properties jar = new Properties();
    try (InputStream in =
        DocsPageTest.class.getResourceAsStream(
            "/META-INF/maven/org.webjars/swagger-ui/pom.properties")) {
      jar.load(in);
    }
    assertThat(DocsResource.SWAGGER_UI).isEqualTo(jar.getProperty("version"));
  }
}
