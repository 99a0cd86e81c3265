package io.llmtrace.cli.up;

/** npm {@code @anthropic-ai/sdk}. */
class NodeAnthropicTest extends SdkContract {
  @Override
  SdkClient client() throws Exception {
    return NodeClient.start("anthropic");
  }

  @Override
  String failure(int status) {
    return switch (status) {
      case 400 -> "BadRequestError";
      case 401 -> "AuthenticationError";
      case 403 -> "PermissionDeniedError";
      case 404 -> "NotFoundError";
      case 422 -> "UnprocessableEntityError";
      case 429 -> "RateLimitError";
      case 503 -> "ServiceUnavailableError";
      case 529 -> "OverloadedError";
      default -> "InternalServerError";
    };
  }

  @Override
  String blockCode() {
    return "invalid_request_error";
  }

  @Override
  String refused() {
    return "refusal";
  }

  @Override
  String finished() {
    return "end_turn";
  }
}
