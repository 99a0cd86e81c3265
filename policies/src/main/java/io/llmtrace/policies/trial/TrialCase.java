package io.llmtrace.policies.trial;

/**
 * One test of a policy. Immutable.
 *
 * @param name unique in its file
 * @param line of the file at which it begins, counted from 1
 */
public record TrialCase(String name, int line, Sample sample, Expectation expected) {}
