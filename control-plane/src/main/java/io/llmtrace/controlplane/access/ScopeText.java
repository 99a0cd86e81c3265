package io.llmtrace.controlplane.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import java.util.TreeSet;

/** The tenants that something holds for as a text, to be stored and compared. Stateless. */
public final class ScopeText {
  private static final String ALL = "*";

  private ScopeText() {}

  /** {@code *}, or a JSON list of names; the same for the same ones. */
  public static String of(TenantScope tenants) {
    try {
      return tenants instanceof TenantScope.Only only
          ? WireJson.mapper().writeValueAsString(new TreeSet<>(only.tenants()))
          : ALL;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names of tenants are text", e);
    }
  }

  /** The scope of such a text. */
  public static TenantScope read(String text) {
    try {
      return text.equals(ALL)
          ? TenantScope.all()
          : TenantScope.of(WireJson.mapper().readValue(text, String[].class));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored scope is no JSON", e);
    }
  }
}
