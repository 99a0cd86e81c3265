/**
 * What deployments run beside the two processes: migrations before a rollout, a health check for
 * images that have no HTTP client, and two stand-ins of the demo, a provider and a gateway. In come
 * command lines as compose files and manifests have them, out come exit codes and running servers.
 */
@NullMarked
package io.llmtrace.cli.deploy;

import org.jspecify.annotations.NullMarked;
