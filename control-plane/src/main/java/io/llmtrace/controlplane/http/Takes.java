package io.llmtrace.controlplane.http;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a method takes beside its annotated parameters, for the OpenAPI document. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Takes {
  /** Reader of the body ({@link BodyFields}), or the type that it is read as. */
  Class<?> body() default Void.class;

  /** Query parameters that are read by name. */
  String[] query() default {};

  Repeating repeating() default Repeating.WORKS_AGAIN;

  /** What a request does that is sent twice. */
  enum Repeating {
    WORKS_AGAIN,
    /** Works once under its {@code Idempotency-Key}. */
    WORKS_ONCE
  }
}
