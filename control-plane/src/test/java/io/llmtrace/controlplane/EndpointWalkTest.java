package io.llmtrace.controlplane;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.Role;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Walks everything that the API answers with every role and with a foreign tenant's ids. A new
 * resource is walked as soon as it is registered; where it has ids or takes bodies, {@link
 * WalkSamples} must know some.
 */
@ExtendWith(TestControlPlane.Extension.class)
class EndpointWalkTest {
  /** Someone who calls, and what the test knows about them. */
  private record Walker(String name, Set<Permission> permissions, boolean all, String key) {
    boolean may(Requires requires) {
      return requires == null
          || (permissions.contains(requires.value())
              && (all || requires.reach() == Reach.SOME_TENANT));
    }
  }

  private static final String ABSENT = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  private static final int PAIRS = 500;
  private static final int WARM_UP = 50;

  private static final List<Walker> walkers = new ArrayList<>();
  private static TestControlPlane plane;
  private static WalkSamples samples;

  @BeforeAll
  static void someoneOfEachRole(TestControlPlane given) throws Exception {
    plane = given;
    samples = new WalkSamples(given);
    walkers.clear();
    for (Role role : Role.values()) {
      walkers.add(
          new Walker(
              role.label() + " of all", role.permissions(), true, plane.key(role.label(), "*")));
      walkers.add(
          new Walker(
              role.label() + " of " + OWN,
              role.permissions(),
              false,
              plane.key(role.label(), OWN)));
    }
    walkers.add(
        new Walker(
            "narrowed admin of " + OWN,
            Set.of(Permission.FINDINGS_READ),
            false,
            plane.newKey("admin", "[\"" + OWN + "\"]", "[\"findings:read\"]").get("key").asText()));
  }

  @Test
  void everyOperationIsWalked() {
    assertThat(plane.service().operations())
        .extracting(each -> each.verb() + " " + each.path())
        .contains(
            "POST /api/v1/ingest/batches",
            "GET /api/v1/exchanges/{id}",
            "PATCH /api/v1/tenants/{id}",
            "POST /api/v1/keys/{id}/rotate",
            "GET /api/v1/audit/export",
            "GET /api/v1/me");
    List<String> unknown =
        plane.service().operations().stream()
            .filter(each -> !samples.covers(each))
            .map(each -> each.verb() + " " + each.path())
            .toList();
    assertThat(unknown).as("add samples of these to WalkSamples").isEmpty();
  }

  @Test
  void nobodyIsLetInWithoutAKey() throws Exception {
    for (ApiOperation operation : plane.service().operations()) {
      HttpResponse<String> answer =
          plane.call(operation.verb(), samples.absent(operation, ABSENT), "", null);
      assertThat(answer.statusCode()).as(operation.path()).isEqualTo(401);
      assertThat(answer.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
    }
  }

  @Test
  void noSpellingOfAPathIsAWayAround() throws Exception {
    for (String path :
        List.of(
            "/api;x=1/v1/me",
            "/api/v1;x=1/me",
            "/api/v1/me;x=1",
            "//api/v1/me",
            "/%61pi/v1/me",
            "/api/v1/me/",
            "/x/../api/v1/me",
            "/health/../api/v1/me",
            "/API/v1/me")) {
      assertThat(plane.call("GET", path, "", null).statusCode()).as(path).isIn(400, 401, 404);
    }
  }

  @Test
  void eachRoleDoesWhatItsTableSaysAndNothingElse() throws Exception {
    Refused refused = new Refused();
    for (ApiOperation operation : plane.service().operations()) {
      for (Walker walker : walkers) {
        String what = walker.name() + ": " + operation.verb() + " " + operation.path();
        if (walker.may(operation.requires())) {
          HttpResponse<String> answer = send(operation, walker, samples.of(operation, OWN));
          assertThat(answer.statusCode()).as("%s: %s", what, answer.body()).isBetween(200, 299);
        } else {
          // In the same words for what is there, foreign or absent.
          Map<String, String> answers = new LinkedHashMap<>();
          for (String tenant : List.of(OWN, FOREIGN)) {
            answers.put(tenant, seen(send(operation, walker, refused.of(operation, tenant))));
          }
          answers.put("absent", seen(sendAbsent(operation, walker, refused)));
          assertThat(Set.copyOf(answers.values())).as(what).hasSize(1);
          assertThat(answers.get(OWN)).as(what).startsWith("403");
        }
      }
    }
  }

  @Test
  void whatIsForeignLooksAbsent() throws Exception {
    Refused refused = new Refused();
    for (ApiOperation operation : plane.service().operations()) {
      if (!operation.path().contains("{")) {
        continue;
      }
      for (Walker walker : walkers) {
        if (walker.all() || !walker.may(operation.requires())) {
          continue;
        }
        String what = walker.name() + ": " + operation.verb() + " " + operation.path();
        String foreign = seen(send(operation, walker, refused.of(operation, FOREIGN)));
        assertThat(foreign).as(what).startsWith("404");
        assertThat(foreign).as(what).isEqualTo(seen(sendAbsent(operation, walker, refused)));
      }
    }
  }

  /** Whose time tells no more than their words; asked of the long form only, which has minutes. */
  @Test
  @Tag("long")
  void whatIsForeignTakesAsLongAsWhatIsAbsent() throws Exception {
    Walker walker =
        walkers.stream()
            .filter(each -> each.name().equals("admin of " + OWN))
            .findFirst()
            .orElseThrow();
    Map<String, Double> apart = new TreeMap<>();
    for (ApiOperation operation : plane.service().operations()) {
      if (!operation.path().contains("{") || !walker.may(operation.requires())) {
        continue;
      }
      WalkSamples.Sample foreign = samples.of(operation, FOREIGN);
      apart.put(
          operation.verb() + " " + operation.path(),
          apart(operation, walker, foreign, samples.absent(operation, absentAs(operation))));
    }
    apart.forEach((what, millis) -> System.out.printf("%6.3f ms apart: %s%n", millis, what));
    assertThat(apart).isNotEmpty();
    assertThat(apart.values()).allSatisfy(millis -> assertThat(millis).isLessThan(1));
  }

  /** An id that is none, in the shape of those that are: others are refused without a look. */
  private static String absentAs(ApiOperation operation) {
    return operation.path().contains("/conversations/")
        ? "0123456789abcdef0123456789abcdef"
        : operation.path().contains("/findings/") ? ABSENT + ".request.1" : ABSENT;
  }

  /** How far the medians of {@link #PAIRS} pairs of requests in turn are apart, milliseconds. */
  private static double apart(
      ApiOperation operation, Walker walker, WalkSamples.Sample foreign, String absent)
      throws Exception {
    List<String> both = List.of(foreign.path(), absent);
    List<List<Long>> nanos = List.of(new ArrayList<>(), new ArrayList<>());
    for (int i = -WARM_UP; i < PAIRS; i++) {
      for (int turn = 0; turn < 2; turn++) {
        int which = (i + turn) & 1;
        long start = System.nanoTime();
        HttpResponse<String> answer =
            plane.call(
                operation.verb(), both.get(which), walker.key(), foreign.body(), foreign.headers());
        if (i >= 0) {
          nanos.get(which).add(System.nanoTime() - start);
        }
        assertThat(answer.statusCode()).as(both.get(which)).isEqualTo(404);
      }
    }
    nanos.forEach(each -> each.sort(null));
    return Math.abs(nanos.get(0).get(PAIRS / 2) - nanos.get(1).get(PAIRS / 2)) / 1e6;
  }

  @Test
  void nothingOfAForeignTenantIsInAnyAnswer() throws Exception {
    samples.fill(OWN);
    samples.fill(FOREIGN);
    int showed = 0;
    for (ApiOperation operation : plane.service().operations()) {
      if (operation.path().contains("{") || !operation.verb().equals("GET")) {
        continue;
      }
      for (Walker walker : walkers) {
        if (walker.may(operation.requires())) {
          HttpResponse<String> answer = send(operation, walker, samples.of(operation, OWN));
          String text = answer.headers().map() + answer.body();
          if (walker.all()) {
            showed += text.contains(FOREIGN) ? 1 : 0;
          } else {
            assertThat(text).as(walker.name() + ": " + operation.path()).doesNotContain(FOREIGN);
          }
        }
      }
    }
    // The test would prove nothing if there were nothing to see.
    assertThat(showed).isGreaterThanOrEqualTo(5);
  }

  /** Samples that are made once for all who are refused: what is refused changes nothing. */
  private static final class Refused {
    private final Map<String, WalkSamples.Sample> made = new HashMap<>();

    WalkSamples.Sample of(ApiOperation operation, String tenant) throws Exception {
      String name = tenant + " " + operation.verb() + " " + operation.path();
      WalkSamples.Sample sample = made.get(name);
      if (sample == null) {
        sample = samples.of(operation, tenant);
        made.put(name, sample);
      }
      return sample;
    }
  }

  private static HttpResponse<String> send(
      ApiOperation operation, Walker walker, WalkSamples.Sample sample) throws Exception {
    return plane.call(
        operation.verb(), sample.path(), walker.key(), sample.body(), sample.headers());
  }

  private static HttpResponse<String> sendAbsent(
      ApiOperation operation, Walker walker, Refused refused) throws Exception {
    WalkSamples.Sample sample = refused.of(operation, OWN);
    return plane.call(
        operation.verb(),
        samples.absent(operation, ABSENT),
        walker.key(),
        sample.body(),
        sample.headers());
  }

  /** Everything of an answer that a caller can see, but the time and the request's own id. */
  private static String seen(HttpResponse<String> answer) {
    Map<String, List<String>> headers = new TreeMap<>(answer.headers().map());
    headers.keySet().removeAll(Set.of("date", "x-request-id", "ratelimit"));
    if (answer.statusCode() >= 500) {
      fail(answer.uri() + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.statusCode()
        + headers.entrySet().stream()
            .map(Map.Entry::toString)
            .collect(Collectors.joining("|", " ", " "))
        + answer.body();
  }
}
