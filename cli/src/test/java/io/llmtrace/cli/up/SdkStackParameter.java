package io.llmtrace.cli.up;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives every class the same stack, which starts with the first and ends with the run. */
final class SdkStackParameter implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType().equals(SdkStack.class);
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(SdkStack.class))
        .getOrComputeIfAbsent(SdkStack.class, type -> started(), SdkStack.class);
  }

  private static SdkStack started() {
    try {
      return new SdkStack();
    } catch (Exception e) {
      throw new ParameterResolutionException("the stack does not start: " + e.getMessage(), e);
    }
  }
}
