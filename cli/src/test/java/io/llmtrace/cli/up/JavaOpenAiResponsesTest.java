package io.llmtrace.cli.up;

/** OpenAI's Java client, Responses. */
class JavaOpenAiResponsesTest extends JavaOpenAiContract {
  @Override
  SdkClient client() throws Exception {
    return new JavaOpenAiResponses();
  }

  @Override
  String refused() {
    return "completed";
  }

  @Override
  String finished() {
    return "completed";
  }
}
