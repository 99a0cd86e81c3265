package io.llmtrace.cli.doctor;

/**
 * One thing that is wrong.
 *
 * @param check the check that found it
 * @param cause one sentence, without secrets
 * @param mend a command or the change that mends it
 */
record Problem(String check, Severity severity, String cause, String mend) {}
