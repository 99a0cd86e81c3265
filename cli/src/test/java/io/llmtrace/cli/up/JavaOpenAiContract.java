package io.llmtrace.cli.up;

/** How the Java client of OpenAI names its errors. */
abstract class JavaOpenAiContract extends SdkContract {
  @Override
  final String failure(int status) {
    return switch (status) {
      case 400 -> "BadRequestException";
      case 401 -> "UnauthorizedException";
      case 403 -> "PermissionDeniedException";
      case 404 -> "NotFoundException";
      case 422 -> "UnprocessableEntityException";
      case 429 -> "RateLimitException";
      default -> "InternalServerException";
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
