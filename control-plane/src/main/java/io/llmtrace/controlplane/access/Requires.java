package io.llmtrace.controlplane.access;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a caller needs for a method of a resource. Every method under {@code /api/v1} has this or
 * {@link AnyCaller}: without one of them the service does not start.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Requires {
  Permission value();

  Reach reach() default Reach.SOME_TENANT;
}
