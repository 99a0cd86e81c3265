package io.llmtrace.cli.up;

import java.io.IOException;

/** An official client, used as an application uses it. */
interface SdkClient extends AutoCloseable {
  /**
   * A question.
   *
   * @param base scheme, host and port of the gateway: all that differs from using the provider
   * @param retries most repetitions, or -1 for the client's own default
   */
  record Ask(String base, String model, String prompt, int retries) {
    Ask withModel(String other, int most) {
      return new Ask(base, other, prompt, most);
    }

    Ask withPrompt(String other) {
      return new Ask(base, model, other, retries);
    }
  }

  /**
   * What the application saw. Texts are empty where there is none.
   *
   * @param finish why the answer ended, as the API says it
   * @param tool the tool that was called, and {@code input} its arguments
   * @param events of a streamed answer
   * @param failure the exception's class, without package
   * @param code by which an application tells errors apart
   */
  record Seen(
      String text,
      String finish,
      String tool,
      String input,
      int events,
      String failure,
      int status,
      String code,
      String message,
      String retryAfter) {
    static Seen text(String text, String finish, int events) {
      return new Seen(text, finish, "", "", events, "", 0, "", "", "");
    }

    static Seen failure(RuntimeException failure, int status, String code, String retryAfter) {
      return new Seen(
          "",
          "",
          "",
          "",
          0,
          failure.getClass().getSimpleName(),
          status,
          code,
          String.valueOf(failure.getMessage()),
          retryAfter);
    }

    Seen withTool(String called, String arguments) {
      return new Seen(
          text, finish, called, arguments, events, failure, status, code, message, retryAfter);
    }
  }

  Seen chat(Ask ask) throws IOException;

  Seen stream(Ask ask) throws IOException;

  /** Offers a tool (the answer is streamed), tells what it answered, and reads the last answer. */
  Seen tools(Ask ask) throws IOException;

  @Override
  default void close() throws IOException {}
}
