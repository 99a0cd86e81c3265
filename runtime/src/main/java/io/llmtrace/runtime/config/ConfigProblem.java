package io.llmtrace.runtime.config;

/**
 * One thing that is wrong with a configuration file.
 *
 * @param file as the caller named it
 * @param line counted from 1
 * @param column counted from 1
 * @param key dotted path of the key, or {@code (file)} when no key is to blame
 * @param expectation what would be right; never holds the value of a secret
 */
public record ConfigProblem(String file, int line, int column, String key, String expectation) {

  @Override
  public String toString() {
    return file + ":" + line + ": " + key + ": " + expectation;
  }
}
