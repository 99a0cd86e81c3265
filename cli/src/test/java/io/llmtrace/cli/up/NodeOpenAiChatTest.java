package io.llmtrace.cli.up;

/** npm {@code openai}, chat completions. */
class NodeOpenAiChatTest extends NodeOpenAiContract {
  @Override
  SdkClient client() throws Exception {
    return NodeClient.start("openai");
  }
}
