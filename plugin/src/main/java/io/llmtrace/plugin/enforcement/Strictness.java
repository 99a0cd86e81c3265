package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.language.UninspectableAction;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.runtime.config.OnUninspectable;
import org.jspecify.annotations.Nullable;

/** Whose word counts where both a route and its policies have one. Stateless. */
public final class Strictness {
  /** The rule of a decision about what could not be read. */
  public static final String RULE = "route/on_uninspectable";

  private static final String ON_UNINSPECTABLE = "on_uninspectable";
  private static final String BLOCK_STYLE = "block_style";

  private Strictness() {}

  /**
   * Whether what could not be read is blocked. The stricter one counts. A route that says so itself
   * means it whatever the mode of its policy; only an explicit "observe" on the route is stronger,
   * which promises never to block. A policy that observes blocks nothing.
   */
  public static boolean blocksUnread(RouteConf conf, PolicyProgram program) {
    if (conf.mode() == Mode.OBSERVE) {
      return false;
    }
    if (conf.onUninspectable() == OnUninspectable.BLOCK
        && (conf.given().contains(ON_UNINSPECTABLE) || program.onUninspectable() == null)) {
      return true;
    }
    return program.onUninspectable() == UninspectableAction.BLOCK
        && program.mode(conf.mode()) == Mode.ENFORCE;
  }

  /**
   * How a block is answered: as the rule says, else as the route itself does, else as the policy.
   *
   * @param ofRule what the rule says, or null
   */
  public static BlockStyle style(
      @Nullable BlockStyle ofRule, RouteConf conf, PolicyProgram program) {
    BlockStyle ofPolicy = program.blockStyle();
    if (ofRule != null) {
      return ofRule;
    }
    return ofPolicy == null || conf.given().contains(BLOCK_STYLE) ? conf.blockStyle() : ofPolicy;
  }
}
