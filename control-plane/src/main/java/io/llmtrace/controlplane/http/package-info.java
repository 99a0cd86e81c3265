/** Plain HTTP manners. Exceptions come in, RFC 9457 problems go out. Nobody sees a stack trace. */
@NullMarked
package io.llmtrace.controlplane.http;

import org.jspecify.annotations.NullMarked;
