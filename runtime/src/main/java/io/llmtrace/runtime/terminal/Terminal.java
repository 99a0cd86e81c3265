package io.llmtrace.runtime.terminal;

import java.io.Console;
import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;

/** The terminal that this process was started from, if there is one. */
public final class Terminal {
  private static final int CONSOLE_ALWAYS_THERE = 22;

  private Terminal() {}

  /**
   * Whether standard input and output are a terminal. Keys are shown there only, and progress.
   *
   * <p>Up to Java 21 there is a {@link Console} only then. Since 22 there is one in any case, and
   * it has to be asked ({@code Console.isTerminal}, which 17 does not have).
   */
  public static boolean attached() {
    return attached(System.console());
  }

  @SuppressWarnings("SystemConsoleNull") // what it warns of is what this method is for
  static boolean attached(@Nullable Console console) {
    if (console == null) {
      return false;
    }
    if (Runtime.version().feature() < CONSOLE_ALWAYS_THERE) {
      return true;
    }
    try {
      return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("Java " + Runtime.version() + " has no isTerminal", e);
    }
  }
}
