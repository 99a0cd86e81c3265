package io.llmtrace.policies.bundle;

import io.llmtrace.policies.language.Policy;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All policies that one instance goes by. Immutable.
 *
 * @param revision grows with each bundle that an instance is given, also when it goes back to what
 *     was before; epoch milliseconds or more
 * @param node the instance it is for
 * @param issuedAt epoch milliseconds
 * @param notAfter epoch milliseconds after which it is not accepted any more; one in force stays
 * @param keys public keys (SubjectPublicKeyInfo, base64) that the next bundles may be signed with
 * @param content what it holds, by which bundles of several instances are the same
 */
public record Bundle(
    long revision, String node, long issuedAt, long notAfter, List<String> keys, Content content) {
  public Bundle {
    Objects.requireNonNull(node, "node");
    keys = List.copyOf(keys);
    Objects.requireNonNull(content, "content");
  }

  /** The policies, ordered by tenant (global ones first), name and role. */
  public record Content(List<Entry> policies) {
    /** No policy at all: the built-in one decides. */
    public static final Content EMPTY = new Content(List.of());

    public Content {
      policies = List.copyOf(policies);
    }
  }

  /** What an entry is there for. */
  public enum Role {
    /** It decides. */
    ACTIVE,
    /** It is evaluated beside the active one of its name, and its differences are recorded. */
    SHADOW
  }

  /**
   * One version of a policy.
   *
   * @param tenant whose it is; null is everybody's
   * @param name the policy's name
   * @param version counted from 1 in each policy
   * @param role what it is there for
   * @param standard whether it is the layer for all routes of its tenant, also for those that name
   *     no policy
   * @param policy what it says
   */
  public record Entry(
      @Nullable String tenant,
      String name,
      int version,
      Role role,
      boolean standard,
      Policy policy) {
    public Entry {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(role, "role");
      Objects.requireNonNull(policy, "policy");
    }
  }
}
