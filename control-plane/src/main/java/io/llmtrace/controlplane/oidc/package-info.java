/**
 * People by the tokens of their identity provider (OpenID Connect). A signed token comes in, a
 * caller goes out.
 */
@NullMarked
package io.llmtrace.controlplane.oidc;

import org.jspecify.annotations.NullMarked;
