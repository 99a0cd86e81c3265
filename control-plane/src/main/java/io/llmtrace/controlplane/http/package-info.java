/**
 * Plain HTTP manners. Bodies, parameters and places of pages come in and are read strictly; pages
 * and RFC 9457 problems go out.
 */
@NullMarked
package io.llmtrace.controlplane.http;

import org.jspecify.annotations.NullMarked;
