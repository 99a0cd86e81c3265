/**
 * {@code doctor}: looks at an installation and says what is wrong. In comes a configuration and the
 * addresses of what stands around it; out goes, check by check, that all is well, why the check was
 * left out, or problems with their cause and the command that mends them. One class a check; every
 * check is bounded in time and none of them changes what it looks at, but for one request that it
 * sends through the runner.
 */
@NullMarked
package io.llmtrace.cli.doctor;

import org.jspecify.annotations.NullMarked;
