package io.llmtrace.testkit.a6;

import org.jspecify.annotations.Nullable;

/** A header, argument or conf pair. In a runner's answer a null value deletes the name. */
public record Entry(String name, @Nullable String value) {}
