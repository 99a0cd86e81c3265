/** Tests of the stand-ins. Recorded frames and hand-written runners come in. Verdicts go out. */
@NullMarked
package io.llmtrace.testkit;

import org.jspecify.annotations.NullMarked;
