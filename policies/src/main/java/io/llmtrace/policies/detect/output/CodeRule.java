package io.llmtrace.policies.detect.output;

import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Severity;
import java.util.List;
import java.util.Set;

/**
 * One weakness that code may have.
 *
 * @param languages tags of code blocks that it is looked for in
 * @param cwe for example {@code CWE-89}
 * @param literals lower-case strings of which the code must hold one before the pattern is tried
 * @param pattern RE2: linear time
 * @param title what is wrong, in a few words; shown as evidence
 * @param matches code that has the weakness; run by the build
 * @param doesNotMatch code that has not; run by the build
 */
record CodeRule(
    String id,
    Set<String> languages,
    String cwe,
    Severity severity,
    double confidence,
    List<String> literals,
    Pattern pattern,
    String title,
    List<String> matches,
    List<String> doesNotMatch) {}
