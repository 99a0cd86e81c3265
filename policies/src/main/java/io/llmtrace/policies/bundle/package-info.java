/** How policies travel: what a bundle holds, its signature, and what makes one acceptable. */
@NullMarked
package io.llmtrace.policies.bundle;

import org.jspecify.annotations.NullMarked;
