/**
 * The parts of the product on one machine: control plane and plugin as processes of their own, a
 * gateway in this one. In come a configuration, ports and where the gateway's requests go; out come
 * the running parts and the files by which they know each other. Closing it stops them all, the
 * last first. What each process of the product needs of its machine is here too: native libraries,
 * ports, a stop on a signal.
 */
@NullMarked
package io.llmtrace.cli.stack;

import org.jspecify.annotations.NullMarked;
