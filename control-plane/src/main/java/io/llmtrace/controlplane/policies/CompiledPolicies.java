package io.llmtrace.controlplane.policies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.Policy;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/**
 * Versions of policies, read and checked. A version never changes, so what was read stays; after
 * the database was set back to an older state its number may be given to another, which was made at
 * another time. Thread-safe.
 */
public final class CompiledPolicies {
  private static final int KEPT = 1_000;

  private record Key(String policy, int version, long madeAt) {}

  private final Supplier<Jdbi> jdbi;
  private final Cache<Key, Policy> read = Caffeine.newBuilder().maximumSize(KEPT).build();

  public CompiledPolicies(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * A version that there is.
   *
   * @param madeAt when, as {@link LivePolicies.Chosen#madeAt}
   */
  public Policy get(String policy, int version, long madeAt) {
    return read.get(new Key(policy, version, madeAt), this::load);
  }

  private Policy load(Key key) {
    return jdbi.get()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT compiled FROM policy_versions"
                            + " WHERE policy = :policy AND version = :version")
                    .bind("policy", key.policy())
                    .bind("version", key.version())
                    .map((row, context) -> of(row.getString("compiled")))
                    .one());
  }

  /** As tables hold it. */
  static String json(Policy policy) {
    try {
      return WireJson.mapper().writeValueAsString(policy);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a policy is made of what can be written", e);
    }
  }

  static Policy of(String json) {
    try {
      return WireJson.mapper().readValue(json, Policy.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored policy cannot be read", e);
    }
  }
}
