package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.settings.Setting;
import io.llmtrace.controlplane.settings.Settings;
import java.util.Comparator;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Whether two people are needed before a version decides. Who writes policies neither sets it nor
 * takes it back: operators may change settings, so this one asks for what admins alone may.
 * Thread-safe.
 */
public final class Approval {
  private static final String NONE = "none";
  private static final String REQUIRED = "required";
  private static final List<String> LOOSE_TO_STRICT = List.of(NONE, REQUIRED);

  /** The setting; the strictest of what tenant, installation and {@code llmtrace.yaml} say. */
  public static final Setting<String> SETTING =
      Setting.choice(
              "policies.approval",
              Setting.Scope.TENANT,
              NONE,
              LOOSE_TO_STRICT,
              "Whether a version of a policy must be approved by somebody else before its author"
                  + " may let it decide.")
          .strictest(Comparator.comparing(LOOSE_TO_STRICT::indexOf))
          .changedWith(Permission.TENANTS_WRITE);

  private final Settings settings;

  public Approval(Settings settings) {
    this.settings = settings;
  }

  /**
   * Refuses an author whose version nobody else approved. Who did not write it is the second
   * person.
   *
   * @throws jakarta.ws.rs.WebApplicationException 404 without such a version, 409
   */
  void require(Handle handle, Caller caller, PolicyRow policy, int version) {
    PolicyStore.Version found = of(handle, policy, version);
    String tenant = policy.tenant();
    String asked = tenant == null ? settings.of(SETTING) : settings.of(tenant, SETTING);
    if (asked.equals(REQUIRED)
        && found.approver() == null
        && found.person().equals(PolicyStore.person(caller))) {
      throw Problem.of(
          409, "version " + version + " is your own: somebody else must approve it first");
    }
  }

  /** A version that there must be. */
  static PolicyStore.Version of(Handle handle, PolicyRow policy, int version) {
    return PolicyStore.version(handle, policy.id(), version)
        .orElseThrow(() -> Problem.absent("version"));
  }
}
