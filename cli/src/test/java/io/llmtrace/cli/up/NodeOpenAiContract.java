package io.llmtrace.cli.up;

/** How the npm client of OpenAI names its errors. */
abstract class NodeOpenAiContract extends SdkContract {
  @Override
  final String failure(int status) {
    return switch (status) {
      case 400 -> "BadRequestError";
      case 401 -> "AuthenticationError";
      case 403 -> "PermissionDeniedError";
      case 404 -> "NotFoundError";
      case 422 -> "UnprocessableEntityError";
      case 429 -> "RateLimitError";
      default -> "InternalServerError";
    };
  }

  @Override
  final String blockCode() {
    return "content_filter";
  }

  @Override
  String refused() {
    return "content_filter";
  }

  @Override
  String finished() {
    return "stop";
  }
}
