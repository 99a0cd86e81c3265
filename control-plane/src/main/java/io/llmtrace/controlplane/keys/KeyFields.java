package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.JsonBody;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The fields of a key that somebody sent. */
record KeyFields(
    String name, Role role, TenantScope tenants, Set<String> scopes, @Nullable Instant expires) {
  private static final int LONGEST_NAME = 200;
  private static final int MOST_TENANTS = 1_000;
  private static final List<String> ROLES = Arrays.stream(Role.values()).map(Role::label).toList();

  /** Body of a new key. */
  static final class OfNew implements BodyFields {
    @Override
    public void read(JsonBody body) {
      KeyFields unused = ofNew(body, Instant.EPOCH);
    }
  }

  /** Body of a change. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      ChangedFields unused = changed(body, Role.VIEWER, Instant.EPOCH);
    }
  }

  static KeyFields ofNew(JsonBody body, Instant now) {
    String name = body.requiredText("name", nameExpected(), KeyFields::isName);
    Role role = Role.of(String.valueOf(body.choice("role", ROLES))).orElse(null);
    body.required("role", "one of " + String.join(", ", ROLES));
    // A wrong role is told; what else is wrong with the body is told beside it.
    Role used = role == null ? Role.ADMIN : role;
    return new KeyFields(name, used, tenants(body), scopes(body, used), expires(body, now));
  }

  static KeyFields ofChange(JsonBody body, ApiKey key, Instant now) {
    Role role = Role.of(key.role()).orElse(Role.VIEWER);
    ChangedFields fields = changed(body, role, now);
    return new KeyFields(
        fields.name() == null ? key.name() : fields.name(),
        role,
        key.scope(),
        body.has("scopes") ? fields.scopes() : Set.copyOf(key.scopes()),
        body.has("expires_at") ? fields.expires() : key.expires());
  }

  /** What a change says; the body tells which of it was there. */
  private record ChangedFields(
      @Nullable String name, Set<String> scopes, @Nullable Instant expires) {}

  private static ChangedFields changed(JsonBody body, Role role, Instant now) {
    return new ChangedFields(
        body.text("name", nameExpected(), KeyFields::isName),
        scopes(body, role),
        expires(body, now));
  }

  Set<Permission> permissions() {
    return role.permissions().stream()
        .filter(each -> scopes.isEmpty() || scopes.contains(each.label()))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static String nameExpected() {
    return "a text of 1 to " + LONGEST_NAME + " characters";
  }

  private static boolean isName(String text) {
    return !text.isBlank()
        && text.length() <= LONGEST_NAME
        && text.chars().noneMatch(Character::isISOControl);
  }

  private static TenantScope tenants(JsonBody body) {
    Set<String> tenants =
        body.set(
            "tenants",
            TenantId.EXPECTED + "; or \"*\" alone for all",
            MOST_TENANTS,
            text -> text.equals(ApiKey.ALL) ? text : TenantId.parse(text));
    body.required("tenants", "a list of tenants, or [\"*\"] for all");
    if (tenants == null) {
      return TenantScope.none();
    }
    if (tenants.contains(ApiKey.ALL)) {
      if (tenants.size() > 1) {
        body.wrong("tenants", "expected \"*\" alone, or tenants without it");
      }
      return TenantScope.all();
    }
    if (tenants.isEmpty()) {
      body.wrong("tenants", "expected at least one tenant, or \"*\"");
    }
    return TenantScope.of(tenants);
  }

  private static Set<String> scopes(JsonBody body, Role role) {
    Set<String> scopes =
        body.set(
            "scopes",
            "a permission of the role "
                + role.label()
                + ": "
                + role.permissions().stream()
                    .map(Permission::label)
                    .sorted()
                    .collect(Collectors.joining(", ")),
            Permission.values().length,
            text ->
                Permission.of(text).filter(role.permissions()::contains).isPresent() ? text : null);
    return scopes == null ? Set.of() : scopes;
  }

  private static @Nullable Instant expires(JsonBody body, Instant now) {
    Instant expires = body.instant("expires_at");
    if (expires != null && !expires.isAfter(now)) {
      body.wrong("expires_at", "expected a time that is still to come");
    }
    return expires;
  }
}
