package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.TextView;

/**
 * What a classifier says of a text: the score of its most suspicious window, and where that is.
 *
 * @param logit of the window, natural logarithm of the odds; not calibrated for the number of
 *     windows, see {@link CombinationModel}
 * @param probability the logistic function of {@code logit}
 * @param mean how suspicious the view is on average: what a window must stand out from
 * @param view the view that the window is of
 * @param from first character of the window in the view
 * @param to character after it
 * @param windows how many were read, in all views
 * @param complete whether every window was read
 */
public record Score(
    double logit,
    double probability,
    double mean,
    TextView view,
    int from,
    int to,
    int windows,
    boolean complete) {

  static double logistic(double logit) {
    return 1 / (1 + Math.exp(-logit));
  }
}
