package io.llmtrace.controlplane.keys;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A key with its secret, as the answer that makes it shows it.
 *
 * @param key the whole key, for {@code Authorization: Bearer}; shown this once
 */
record NewKey(@JsonUnwrapped ApiKey shown, String key) {}
