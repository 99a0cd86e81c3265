package io.llmtrace.policies.detect.classify;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Logistic regression of a few features by Newton's method, with a ridge on all but the bias. */
final class LogisticFit {
  private LogisticFit() {}

  /** A case: its features, whether it is an attack, and how much it counts. */
  static final class Case {
    private final double[] values;
    private final boolean attack;
    private final double weight;

    Case(double[] values, boolean attack, double weight) {
      this.values = values;
      this.attack = attack;
      this.weight = weight;
    }
  }

  /**
   * The bias first, then the weights. A feature of {@code neverNegative} whose weight would be
   * below zero is left out, the most negative first.
   */
  static double[] fit(
      List<Case> cases, List<String> names, Set<String> neverNegative, double ridge) {
    Set<Integer> out = new HashSet<>();
    while (true) {
      List<Case> kept =
          cases.stream().map(c -> new Case(without(c.values, out), c.attack, c.weight)).toList();
      double[] beta = fit(kept, names.size(), ridge);
      int worst = -1;
      for (int i = 0; i < names.size(); i++) {
        if (neverNegative.contains(names.get(i))
            && beta[i + 1] < 0
            && (worst < 0 || beta[i + 1] < beta[worst + 1])) {
          worst = i;
        }
      }
      if (worst < 0) {
        return beta;
      }
      out.add(worst);
    }
  }

  private static double[] without(double[] values, Set<Integer> out) {
    double[] kept = values.clone();
    out.forEach(i -> kept[i] = 0);
    return kept;
  }

  private static double[] fit(List<Case> cases, int features, double ridge) {
    int n = features + 1;
    double[] beta = new double[n];
    for (int round = 0; round < 30; round++) {
      double[] gradient = new double[n];
      double[][] hessian = new double[n][n];
      for (Case c : cases) {
        double logit = beta[0];
        for (int i = 0; i < features; i++) {
          logit += beta[i + 1] * c.values[i];
        }
        double p = Score.logistic(logit);
        double error = c.weight * (p - (c.attack ? 1 : 0));
        double curve = c.weight * Math.max(1e-6, p * (1 - p));
        for (int i = 0; i < n; i++) {
          double xi = i == 0 ? 1 : c.values[i - 1];
          gradient[i] += error * xi;
          for (int j = 0; j <= i; j++) {
            hessian[i][j] += curve * xi * (j == 0 ? 1 : c.values[j - 1]);
          }
        }
      }
      for (int i = 0; i < n; i++) {
        gradient[i] += i == 0 ? 0 : ridge * beta[i];
        hessian[i][i] += i == 0 ? 1e-9 : ridge;
        for (int j = 0; j < i; j++) {
          hessian[j][i] = hessian[i][j];
        }
      }
      double[] step = solve(hessian, gradient);
      double moved = 0;
      for (int i = 0; i < n; i++) {
        beta[i] -= step[i];
        moved = Math.max(moved, Math.abs(step[i]));
      }
      if (moved < 1e-7) {
        break;
      }
    }
    return beta;
  }

  /** Gaussian elimination with pivots. */
  private static double[] solve(double[][] matrix, double[] right) {
    int n = right.length;
    double[] x = right.clone();
    for (int k = 0; k < n; k++) {
      int pivot = k;
      for (int i = k + 1; i < n; i++) {
        if (Math.abs(matrix[i][k]) > Math.abs(matrix[pivot][k])) {
          pivot = i;
        }
      }
      double[] row = matrix[k];
      matrix[k] = matrix[pivot];
      matrix[pivot] = row;
      double value = x[k];
      x[k] = x[pivot];
      x[pivot] = value;
      for (int i = k + 1; i < n; i++) {
        double factor = matrix[i][k] / matrix[k][k];
        for (int j = k; j < n; j++) {
          matrix[i][j] -= factor * matrix[k][j];
        }
        x[i] -= factor * x[k];
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int j = i + 1; j < n; j++) {
        x[i] -= matrix[i][j] * x[j];
      }
      x[i] /= matrix[i][i];
    }
    return x;
  }
}
