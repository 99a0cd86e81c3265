package io.llmtrace.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.TlsConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The manifests with TLS between instances and control plane, as the chart renders them. */
class ManifestsTlsTest {
  @TempDir Path directory;
  private List<Yaml> objects;

  @BeforeEach
  void read() throws IOException {
    objects = Yaml.documents("deploy/kubernetes/llmtrace-tls.yaml");
  }

  @Test
  void with_tls_every_side_is_told_and_mounts_the_files_that_its_configuration_names()
      throws Exception {
    Yaml apisix = Yaml.file("deploy/kubernetes/apisix-values-tls.yaml");
    Yaml pod = only("Deployment").at("spec", "template", "spec");
    Yaml container = pod.at("containers").list().get(0);
    TlsConfig own =
        accepted("llmtrace", ConfigFile.Role.CONTROL_PLANE, pod.at("volumes")).controlPlane().tls();
    assertThat(List.of(own.certificate(), own.privateKey(), own.authority()))
        .allMatch(file -> mounted("tls", container, pod.at("volumes")).contains(file));
    for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
      assertThat(container.at(probe, "httpGet", "scheme").text()).isEqualTo("HTTPS");
    }
    Yaml scraped = only("ServiceMonitor").at("spec", "endpoints").list().get(0);
    assertThat(scraped.at("scheme").text()).isEqualTo("https");
    assertThat(scraped.at("tlsConfig", "serverName").text()).isEqualTo("llmtrace.llmtrace.svc");

    PluginConfig plugin =
        accepted("llmtrace-plugin", ConfigFile.Role.PLUGIN, apisix.at("extraVolumes")).plugin();
    assertThat(plugin.controlPlaneUrl())
        .isEqualTo(URI.create("https://llmtrace.llmtrace.svc:8080"));
    TlsConfig shown = plugin.controlPlaneTls();
    Yaml sidecar = apisix.at("extraContainers").list().get(0);
    assertThat(List.of(shown.certificate(), shown.privateKey(), shown.authority()))
        .allMatch(
            file -> mounted("llmtrace-tls", sidecar, apisix.at("extraVolumes")).contains(file));
  }

  /** Files that a container sees of a volume, which it must not be able to write. */
  private static List<Path> mounted(String name, Yaml container, Yaml volumes) {
    Path folder = null;
    for (Yaml mount : container.at("volumeMounts").list()) {
      if (mount.at("name").text().equals(name)) {
        assertThat(mount.at("readOnly").isTrue()).isTrue();
        // A file of its own would never be renewed.
        assertThat(mount.has("subPath")).isFalse();
        folder = Path.of(mount.at("mountPath").text());
      }
    }
    assertThat(folder).as("mount of " + name).isNotNull();
    List<Path> files = new ArrayList<>();
    for (Yaml volume : volumes.list()) {
      if (volume.at("name").text().equals(name)) {
        for (Yaml source : volume.at("projected", "sources").list()) {
          for (Yaml item : source.at("secret", "items").list()) {
            files.add(folder.resolve(item.at("path").text()));
          }
        }
      }
    }
    return files;
  }

  private Yaml only(String kind) {
    return objects.stream()
        .filter(each -> each.at("kind").text().equals(kind))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind));
  }

  private LlmtraceConfig accepted(String map, ConfigFile.Role role, Yaml volumes) throws Exception {
    Yaml found =
        objects.stream()
            .filter(
                each ->
                    each.at("kind").text().equals("ConfigMap")
                        && each.at("metadata", "name").text().equals(map))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no ConfigMap " + map));
    return ManifestsTest.accepted(
        found.at("data", "llmtrace.yaml").text(),
        directory.resolve(map),
        role,
        ManifestsTest.secretFiles(volumes));
  }
}
