package io.llmtrace.cli.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** Writes plugins as {@code apisix.yaml} has them. Stateless. */
final class StandaloneYaml {
  private static final String INDENT = "    ";

  private StandaloneYaml() {}

  /** The {@code plugins} of a patch, indented to stand in a route of a list. */
  static String plugins(ObjectNode patch) {
    JsonNode plugins = patch.path("plugins");
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("plugins", WireJson.mapper().convertValue(plugins, Map.class));
    DumpSettings settings =
        DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).setWidth(1_000).build();
    return new Dump(settings).dumpToString(tree).indent(INDENT.length());
  }
}
