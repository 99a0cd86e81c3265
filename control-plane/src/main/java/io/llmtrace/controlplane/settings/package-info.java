/**
 * Settings of the installation and of tenants: what there is, what holds, and where it comes from.
 * Features say in one line what they have; stored values come in, typed ones go out.
 */
@NullMarked
package io.llmtrace.controlplane.settings;

import org.jspecify.annotations.NullMarked;
