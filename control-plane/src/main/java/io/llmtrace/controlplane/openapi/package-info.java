/**
 * The OpenAPI document and the page that shows it. The operations of the service come in, with
 * their annotations, types and Javadoc; JSON and files go out.
 */
@NullMarked
package io.llmtrace.controlplane.openapi;

import org.jspecify.annotations.NullMarked;
