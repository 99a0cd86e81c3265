package io.llmtrace.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests as the chart renders them, read as text; {@code deploy/kubernetes/render --check}
 * holds them against the chart, {@code deploy/kubernetes/validate} against Kubernetes' own types.
 */
class ManifestsTest {
  private static final String OWN_DATABASE = "deploy/kubernetes/llmtrace.yaml";
  private static final String TRIAL = "deploy/kubernetes/llmtrace-trial.yaml";
  private static final String TLS = "deploy/kubernetes/llmtrace-tls.yaml";

  @TempDir Path directory;
  private List<Yaml> objects;

  @BeforeEach
  void read() throws IOException {
    objects = Yaml.documents(OWN_DATABASE);
  }

  private static List<Yaml> of(List<Yaml> from, String kind) {
    return from.stream().filter(each -> each.at("kind").text().equals(kind)).toList();
  }

  private Yaml only(String kind) {
    List<Yaml> found = of(objects, kind);
    assertThat(found).as(kind).hasSize(1);
    return found.get(0);
  }

  private Yaml configMap(String name) {
    return of(objects, "ConfigMap").stream()
        .filter(each -> each.at("metadata", "name").text().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no ConfigMap " + name));
  }

  /** Pod specs of whatever makes pods, and the sidecar's container as a pod of its own. */
  private static List<Yaml> pods(List<Yaml> from) {
    List<Yaml> pods = new ArrayList<>();
    for (Yaml each : from) {
      if (each.has("spec") && each.at("spec").has("template")) {
        pods.add(each.at("spec", "template", "spec"));
      }
    }
    return pods;
  }

  private static Yaml apisix() throws IOException {
    return Yaml.file("deploy/kubernetes/apisix-values.yaml");
  }

  @ParameterizedTest
  @ValueSource(strings = {OWN_DATABASE, TRIAL, TLS})
  void every_container_is_restricted_limited_and_has_room_for_temporary_files(String file)
      throws IOException {
    List<Yaml> containers = new ArrayList<>(apisix().at("extraContainers").list());
    for (Yaml pod : pods(Yaml.documents(file))) {
      assertThat(pod.at("securityContext", "runAsNonRoot").isTrue()).as(pod.path()).isTrue();
      assertThat(pod.at("securityContext", "runAsUser").text()).isIn("636", "999");
      assertThat(pod.at("securityContext", "seccompProfile", "type").text())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.at("automountServiceAccountToken").value()).isEqualTo(false);
      for (String wide : List.of("hostNetwork", "hostPID", "hostIPC")) {
        assertThat(pod.has(wide)).isFalse();
      }
      containers.addAll(pod.at("containers").list());
    }
    assertThat(containers).hasSizeGreaterThanOrEqualTo(3);
    for (Yaml container : containers) {
      Yaml security = container.at("securityContext");
      assertThat(security.at("readOnlyRootFilesystem").isTrue()).isTrue();
      assertThat(security.at("runAsNonRoot").isTrue()).isTrue();
      assertThat(security.at("allowPrivilegeEscalation").value()).isEqualTo(false);
      assertThat(security.at("capabilities", "drop").texts()).containsExactly("ALL");
      assertThat(container.at("resources", "limits").has("memory")).isTrue();
      assertThat(container.at("resources", "requests").keys()).contains("cpu", "memory");
      assertThat(container.at("image").text()).matches(".+:\\d+\\.\\d+.*");
      assertThat(container.at("volumeMounts").list())
          .anyMatch(mount -> mount.at("mountPath").text().equals("/tmp"));
    }
  }

  @Test
  void probes_are_as_the_guide_has_them_and_a_start_waits_until_it_can_serve() {
    Yaml container = only("Deployment").at("spec", "template", "spec", "containers").list().get(0);
    Yaml liveness = container.at("livenessProbe");
    assertThat(liveness.at("httpGet", "path").text()).isEqualTo("/health");
    assertThat(liveness.at("initialDelaySeconds").value()).isEqualTo(10);
    assertThat(liveness.at("periodSeconds").value()).isEqualTo(15);
    Yaml readiness = container.at("readinessProbe");
    assertThat(readiness.at("httpGet", "path").text()).isEqualTo("/health");
    assertThat(readiness.at("initialDelaySeconds").value()).isEqualTo(5);
    assertThat(readiness.at("periodSeconds").value()).isEqualTo(10);
    assertThat(container.at("startupProbe", "httpGet", "path").text()).isEqualTo("/readyz");
    List<String> ports =
        container.at("ports").list().stream().map(port -> port.at("name").text()).toList();
    for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
      assertThat(ports).contains(container.at(probe, "httpGet", "port").text());
    }
  }

  @Test
  void the_sidecar_is_asked_by_a_command_because_its_port_is_on_loopback() throws IOException {
    Yaml container = apisix().at("extraContainers").list().get(0);
    for (String probe : List.of("livenessProbe", "startupProbe")) {
      List<String> command = container.at(probe, "exec", "command").texts();
      assertThat(command.get(0)).isEqualTo("llmtrace");
      Commands.parses(command.subList(1, command.size()));
      assertThat(command).contains("http://127.0.0.1:9464/health");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {OWN_DATABASE, TRIAL, TLS})
  void what_selects_selects_a_pod_and_ports_have_the_names_of_ports(String file)
      throws IOException {
    List<Yaml> all = Yaml.documents(file);
    List<Yaml> templates =
        all.stream()
            .filter(each -> each.has("spec") && each.at("spec").has("template"))
            .map(each -> each.at("spec", "template"))
            .toList();
    int selectors = 0;
    for (Yaml each : all) {
      Yaml selector =
          switch (each.at("kind").text()) {
            case "Service" -> each.at("spec", "selector");
            case "PodDisruptionBudget", "Deployment", "StatefulSet" ->
                each.at("spec", "selector", "matchLabels");
            case "NetworkPolicy" -> each.at("spec", "podSelector", "matchLabels");
            default -> null;
          };
      if (selector == null) {
        continue;
      }
      selectors++;
      List<Yaml> selected =
          templates.stream()
              .filter(template -> within(selector, template.at("metadata", "labels")))
              .toList();
      assertThat(selected).as(each.at("metadata", "name").text()).hasSize(1);
      List<String> ports = new ArrayList<>();
      for (Yaml container : selected.get(0).at("spec", "containers").list()) {
        container.listAt("ports").forEach(port -> ports.add(port.at("name").text()));
      }
      if (each.at("kind").text().equals("Service")) {
        each.at("spec", "ports")
            .list()
            .forEach(port -> assertThat(ports).contains(port.at("targetPort").text()));
      }
      if (each.at("kind").text().equals("NetworkPolicy")) {
        for (Yaml rule : each.at("spec").listAt("ingress")) {
          rule.at("ports")
              .list()
              .forEach(port -> assertThat(ports).contains(port.at("port").text()));
        }
      }
    }
    assertThat(selectors).isGreaterThanOrEqualTo(4);
  }

  private static boolean within(Yaml some, Yaml all) {
    return some.keys().stream()
        .allMatch(key -> all.has(key) && all.at(key).text().equals(some.at(key).text()));
  }

  @ParameterizedTest
  @ValueSource(strings = {OWN_DATABASE, TRIAL, TLS})
  void what_is_mounted_is_a_volume_and_volumes_are_of_objects_that_are_there(String file)
      throws IOException {
    List<Yaml> all = Yaml.documents(file);
    List<String> maps =
        of(all, "ConfigMap").stream().map(map -> map.at("metadata", "name").text()).toList();
    for (Yaml pod : pods(all)) {
      List<String> volumes = new ArrayList<>(List.of("data"));
      for (Yaml volume : pod.at("volumes").list()) {
        volumes.add(volume.at("name").text());
        if (volume.has("configMap")) {
          assertThat(maps).contains(volume.at("configMap", "name").text());
        }
      }
      for (Yaml container : pod.at("containers").list()) {
        for (Yaml mount : container.at("volumeMounts").list()) {
          assertThat(volumes).contains(mount.at("name").text());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {OWN_DATABASE, TRIAL, TLS})
  void network_policies_cover_every_pod_and_open_no_more_than_is_said(String file)
      throws IOException {
    List<Yaml> all = Yaml.documents(file);
    List<Yaml> policies = of(all, "NetworkPolicy");
    assertThat(policies).hasSize(pods(all).size());
    for (Yaml policy : policies) {
      assertThat(policy.at("spec", "policyTypes").texts()).containsExactly("Ingress", "Egress");
      for (Yaml rule : policy.at("spec").listAt("ingress")) {
        assertThat(rule.at("from").list()).isNotEmpty();
      }
      for (Yaml rule : policy.at("spec").listAt("egress")) {
        assertThat(rule.at("to").list()).isNotEmpty();
        assertThat(rule.at("ports").list()).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {OWN_DATABASE, TRIAL, TLS})
  void no_secret_is_in_a_manifest(String file) throws IOException {
    assertThat(of(Yaml.documents(file), "Secret")).isEmpty();
    for (Yaml pod : pods(Yaml.documents(file))) {
      for (Yaml container : pod.at("containers").list()) {
        for (Yaml variable : container.listAt("env")) {
          String name = variable.at("name").text();
          assertThat(name.matches(".*(PASSWORD|SECRET|TOKEN|KEY).*") && !name.endsWith("_FILE"))
              .as(name)
              .isFalse();
        }
      }
    }
  }

  @Test
  void processes_run_commands_of_ours_with_configurations_that_they_accept() throws Exception {
    List<Yaml> containers = new ArrayList<>(apisix().at("extraContainers").list());
    pods(objects).forEach(pod -> containers.addAll(pod.at("containers").list()));
    List<String> commands = new ArrayList<>();
    for (Yaml container : containers) {
      Commands.parses(container.at("args").texts());
      commands.add(container.at("args").texts().get(0));
    }
    assertThat(commands).containsExactlyInAnyOrder("plugin", "control-plane", "migrate");

    Yaml deployment = only("Deployment").at("spec", "template", "spec");
    LlmtraceConfig own =
        accepted("llmtrace", ConfigFile.Role.CONTROL_PLANE, secretFiles(deployment.at("volumes")));
    assertThat(own.controlPlane().bind()).isEqualTo("0.0.0.0");
    assertThat(own.controlPlane().firstKeys().admin()).isNotNull();
    assertThat(own.controlPlane().policies().signingKeys()).hasSize(1);
    assertThat(own.metrics().token()).isNotNull();
    List<String> ofMigrations = secretFiles(only("Job").at("spec", "template", "spec", "volumes"));
    assertThat(ofMigrations).containsExactly("database_password");
    LlmtraceConfig migrations =
        accepted("llmtrace-migrations", ConfigFile.Role.MIGRATION, ofMigrations);
    assertThat(migrations.controlPlane().database().password()).isNotNull();

    LlmtraceConfig plugin =
        accepted(
            "llmtrace-plugin", ConfigFile.Role.PLUGIN, secretFiles(apisix().at("extraVolumes")));
    assertThat(plugin.plugin().socket().toString())
        .isEqualTo(
            apisix()
                .at("apisix", "fullCustomConfig", "config", "ext-plugin", "path_for_test")
                .text());
    Yaml service = only("Service");
    assertThat(plugin.plugin().controlPlaneUrl().toString())
        .isEqualTo(
            "http://"
                + service.at("metadata", "name").text()
                + "."
                + service.at("metadata", "namespace").text()
                + ".svc:"
                + service.at("spec", "ports").list().get(0).at("port").text());
  }

  static List<String> secretFiles(Yaml volumes) {
    List<String> files = new ArrayList<>();
    for (Yaml volume : volumes.list()) {
      if (volume.has("secret")) {
        volume.at("secret", "items").list().forEach(item -> files.add(item.at("path").text()));
      }
    }
    return files;
  }

  private LlmtraceConfig accepted(String map, ConfigFile.Role role, List<String> secrets)
      throws Exception {
    return accepted(
        configMap(map).at("data", "llmtrace.yaml").text(), directory.resolve(map), role, secrets);
  }

  /** Reads a configuration as the process would, with the secrets of its pod and no other. */
  static LlmtraceConfig accepted(
      String text, Path folder, ConfigFile.Role role, List<String> secrets) throws Exception {
    Files.createDirectories(folder);
    for (String secret : secrets) {
      Files.writeString(folder.resolve(secret), "a-secret-of-" + secret);
    }
    assertThat(text).contains("file:/run/secrets/llmtrace/");
    Path file =
        Files.writeString(
            folder.resolve("llmtrace.yaml"), text.replace("/run/secrets/llmtrace/", folder + "/"));
    return ConfigFile.load(file, Map.of("HOSTNAME", "pod"), role);
  }

  @Test
  void migrations_run_before_an_upgrade_with_a_configuration_of_their_own() {
    Yaml job = only("Job");
    assertThat(job.at("metadata", "annotations", "helm.sh/hook").text())
        .isEqualTo("post-install,pre-upgrade");
    Yaml own = configMap("llmtrace-migrations");
    assertThat(own.at("metadata", "annotations", "helm.sh/hook").text())
        .isEqualTo("post-install,pre-upgrade");
    assertThat(Integer.parseInt(own.at("metadata", "annotations", "helm.sh/hook-weight").text()))
        .isNegative();
    assertThat(job.at("spec", "template", "spec", "restartPolicy").text()).isEqualTo("Never");
  }

  @Test
  void a_rollout_and_a_drained_node_leave_one_that_serves() {
    Yaml update = only("Deployment").at("spec", "strategy", "rollingUpdate");
    assertThat(update.at("maxUnavailable").value()).isEqualTo(0);
    assertThat(only("PodDisruptionBudget").at("spec", "maxUnavailable").value()).isEqualTo(1);
    Yaml scaler = only("HorizontalPodAutoscaler").at("spec");
    assertThat((Integer) scaler.at("minReplicas").value()).isGreaterThanOrEqualTo(2);
    assertThat(scaler.at("scaleTargetRef", "name").text())
        .isEqualTo(only("Deployment").at("metadata", "name").text());
    // What the autoscaler sets is not set by the manifest too.
    assertThat(only("Deployment").at("spec").has("replicas")).isFalse();
  }

  @Test
  void prometheus_scrapes_with_the_token_that_the_process_asks_for() {
    Yaml monitor = only("ServiceMonitor");
    Yaml endpoint = monitor.at("spec", "endpoints").list().get(0);
    assertThat(endpoint.at("path").text()).isEqualTo("/metrics");
    assertThat(endpoint.at("port").text())
        .isEqualTo(only("Service").at("spec", "ports").list().get(0).at("name").text());
    assertThat(endpoint.at("authorization", "credentials", "key").text())
        .isEqualTo("metrics_token");
    assertThat(
            within(
                monitor.at("spec", "selector", "matchLabels"),
                only("Service").at("metadata", "labels")))
        .isTrue();
  }
}
