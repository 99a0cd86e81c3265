/**
 * The main job shown on one machine: scenarios go through a gateway, and what happened to each is
 * held against what was expected. In come scenarios and the addresses of a running stack; out go a
 * table for people and a JSON report with a stable shape. The parts of the product run in processes
 * of their own, exactly as they do in production.
 */
@NullMarked
package io.llmtrace.cli.demo;

import org.jspecify.annotations.NullMarked;
