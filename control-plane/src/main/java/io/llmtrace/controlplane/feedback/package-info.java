/**
 * What people say that detection should learn. A verdict on a finding comes in; a proposal of an
 * exception or a case for a signature pack is kept and goes out.
 */
@NullMarked
package io.llmtrace.controlplane.feedback;

import org.jspecify.annotations.NullMarked;
