/**
 * {@code alerts}: what people do about incidents, silences and deliveries. Arguments come in, calls
 * of a control plane's REST API go out, and tables or the API's JSON are printed.
 */
@NullMarked
package io.llmtrace.cli.alerts;

import org.jspecify.annotations.NullMarked;
