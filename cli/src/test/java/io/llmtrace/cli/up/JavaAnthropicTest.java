package io.llmtrace.cli.up;

/** Anthropic's Java client. */
class JavaAnthropicTest extends SdkContract {
  @Override
  SdkClient client() {
    return new JavaAnthropic();
  }

  @Override
  String failure(int status) {
    return switch (status) {
      case 400 -> "BadRequestException";
      case 401 -> "UnauthorizedException";
      case 403 -> "PermissionDeniedException";
      case 404 -> "NotFoundException";
      case 422 -> "UnprocessableEntityException";
      case 429 -> "RateLimitException";
      case 503 -> "ServiceUnavailableException";
      case 529 -> "OverloadedException";
      default -> "InternalServerException";
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
