package io.llmtrace.policies.exchange;

import java.util.List;

/**
 * A dialect that an operator describes by a mapping instead of a class. Its exchanges carry {@link
 * Dialect#MAPPED} and the mapping's provider label. Immutable.
 */
public final class MappedDialect {
  private final String name;
  private final MappedFormat format;

  MappedDialect(String name, MappedFormat format) {
    this.name = name;
    this.format = format;
  }

  /**
   * Reads mappings; docs/reference/dialects.md describes them.
   *
   * @param yaml a list of mappings
   * @throws IllegalArgumentException with every problem: where it is and what would be right
   */
  public static List<MappedDialect> read(String yaml) {
    return MappingReader.read(yaml);
  }

  /** The name by which a route asks for it. */
  public String name() {
    return name;
  }

  /** Whether a request is one of this API, by path and host. */
  public boolean matches(RequestContent request) {
    return format.named(RequestHead.of(request));
  }

  /**
   * Reads a request.
   *
   * @throws UnreadableBodyException as {@link ExchangeReader#read} does
   */
  public Exchange request(RequestContent request) throws UnreadableBodyException {
    return ExchangeReader.read(request, Dialect.MAPPED, format, format.provider());
  }

  /** Reads an answer; never fails, as {@link AnswerReader#read}. */
  public Answer answer(String body) {
    return AnswerReader.shaped(format, body);
  }

  /** What an answer says of itself; never fails, as {@link ResponseReader#read}. */
  public ResponseSummary response(String body, int status) {
    return ResponseReader.shaped(format, body, status);
  }

  /** The error in the mapping's own words; its status is the mapping's unless 403 is asked for. */
  public BlockAnswer error(int status, BlockNotice notice) {
    return format.error(status, notice);
  }

  /** The status 429 in the mapping's own words; see {@link Dialect#limited}. */
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return format.limited(limited, notice).retrying(limited.retryAfterSeconds());
  }
}
