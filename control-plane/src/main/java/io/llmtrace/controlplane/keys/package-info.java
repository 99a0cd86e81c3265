/** API keys. A bearer token comes in, a role goes out. Only hashes are ever stored. */
@NullMarked
package io.llmtrace.controlplane.keys;

import org.jspecify.annotations.NullMarked;
