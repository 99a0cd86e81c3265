package io.llmtrace.cli.up;

/** npm {@code openai}, Responses. */
class NodeOpenAiResponsesTest extends NodeOpenAiContract {
  @Override
  SdkClient client() throws Exception {
    return NodeClient.start("responses");
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
