package io.llmtrace.controlplane.http;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a method answers, where its return type does not tell; for the OpenAPI document. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Gives {
  /** Type of the body; {@code Void} for none. */
  Class<?> value();

  int status() default 200;

  /** Headers that each answer of this status has, of {@code ETag} and {@code Location}. */
  String[] headers() default {};
}
