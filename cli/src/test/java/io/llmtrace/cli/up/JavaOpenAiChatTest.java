package io.llmtrace.cli.up;

/** OpenAI's Java client, chat completions. */
class JavaOpenAiChatTest extends JavaOpenAiContract {
  @Override
  SdkClient client() throws Exception {
    return new JavaOpenAiChat();
  }
}
