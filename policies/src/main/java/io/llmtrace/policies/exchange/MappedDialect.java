package io.llmtrace.policies.exchange;

import java.util.List;

/**
 * An API that an operator describes by a mapping instead of a class. Its exchanges carry {@link
 * Dialect#MAPPED} and the mapping's provider label. Immutable.
 */
public final class MappedDialect implements Api {
  private final String name;
  private final int line;
  private final MappedFormat format;

  MappedDialect(String name, int line, MappedFormat format) {
    this.name = name;
    this.line = line;
    this.format = format;
  }

  /**
   * Reads mappings; docs/reference/mappings.md describes them.
   *
   * @param yaml a list of mappings
   * @throws MappingException with every problem: its line, its key and what would be right
   */
  public static List<MappedDialect> read(String yaml) {
    return MappingReader.read(yaml);
  }

  @Override
  public String label() {
    return name;
  }

  /** Where its name stands in the file, counted from 1. */
  public int line() {
    return line;
  }

  @Override
  public Dialect dialect() {
    return Dialect.MAPPED;
  }

  @Override
  public boolean spendsTokens() {
    return true;
  }

  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return format.error(status, notice);
  }

  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return format.limited(limited, notice).retrying(limited);
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    return format.refusal(notice);
  }

  MappedFormat format() {
    return format;
  }

  /** Its name: a mapping is compared by identity and shown in logs. */
  @Override
  public String toString() {
    return name;
  }
}
