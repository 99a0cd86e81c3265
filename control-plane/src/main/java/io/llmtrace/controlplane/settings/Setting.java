package io.llmtrace.controlplane.settings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llmtrace.controlplane.access.Permission;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One thing that can be set. A feature holds its own as a constant and hands it to {@link
 * Settings}:
 *
 * <pre>{@code
 * static final Setting<Long> DAYS =
 *     Setting.wholeNumber("reports.days", Setting.Scope.TENANT, 30, 1, 400, "days that a report covers");
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param key lower-case words with dots between them, unique
 * @param scope whose it can be
 * @param fallback what holds where nobody said otherwise
 * @param expected what a value must be, as error messages say it
 * @param description one sentence
 * @param parse reads a value; empty for a wrong one
 * @param write the opposite of {@code parse}
 * @param permission who may change it has this one beside {@link Permission#SETTINGS_WRITE}
 * @param strictness where it is there, the strictest of all values that are said holds; where it is
 *     {@code null}, the nearest one does
 */
public record Setting<T>(
    String key,
    Scope scope,
    T fallback,
    String expected,
    String description,
    Function<JsonNode, Optional<T>> parse,
    Function<T, JsonNode> write,
    Permission permission,
    @Nullable Comparator<T> strictness) {

  /** Whose a setting can be. */
  public enum Scope {
    /** A tenant's; what is set for the installation holds for tenants that have none. */
    TENANT,
    /** The installation's alone. */
    INSTALLATION,
    /** The installation's, from {@code llmtrace.yaml} alone: it takes a restart. */
    FILE
  }

  /** One of some words. */
  public static Setting<String> choice(
      String key, Scope scope, String fallback, List<String> choices, String description) {
    return new Setting<>(
        key,
        scope,
        fallback,
        "one of " + String.join(", ", choices),
        description,
        node ->
            node.isTextual() && choices.contains(node.textValue())
                ? Optional.of(node.textValue())
                : Optional.empty(),
        TextNode::valueOf,
        Permission.SETTINGS_WRITE,
        null);
  }

  /** A whole number within bounds, both included. */
  public static Setting<Long> wholeNumber(
      String key, Scope scope, long fallback, long least, long most, String description) {
    return new Setting<>(
        key,
        scope,
        fallback,
        "a whole number from " + least + " to " + most,
        description,
        node ->
            node.isIntegralNumber()
                    && node.canConvertToLong()
                    && node.longValue() >= least
                    && node.longValue() <= most
                ? Optional.of(node.longValue())
                : Optional.empty(),
        LongNode::valueOf,
        Permission.SETTINGS_WRITE,
        null);
  }

  /** A number within bounds, both included. */
  public static Setting<Double> number(
      String key, Scope scope, double fallback, double least, double most, String description) {
    return new Setting<>(
        key,
        scope,
        fallback,
        "a number from " + least + " to " + most,
        description,
        node ->
            node.isNumber() && node.doubleValue() >= least && node.doubleValue() <= most
                ? Optional.of(node.doubleValue())
                : Optional.empty(),
        DoubleNode::valueOf,
        Permission.SETTINGS_WRITE,
        null);
  }

  /** Yes or no. */
  public static Setting<Boolean> yesOrNo(
      String key, Scope scope, boolean fallback, String description) {
    return new Setting<>(
        key,
        scope,
        fallback,
        "true or false",
        description,
        node -> node.isBoolean() ? Optional.of(node.booleanValue()) : Optional.empty(),
        BooleanNode::valueOf,
        Permission.SETTINGS_WRITE,
        null);
  }

  /**
   * The same setting, of which the greatest value holds whoever said it: a tenant adds to what the
   * installation asks for, and takes nothing from it.
   */
  public Setting<T> strictest(Comparator<T> order) {
    return new Setting<>(
        key, scope, fallback, expected, description, parse, write, permission, order);
  }

  /** The same setting, which only who has this permission as well may change. */
  public Setting<T> changedWith(Permission needed) {
    return new Setting<>(
        key, scope, fallback, expected, description, parse, write, needed, strictness);
  }

  /** Whether a value holds over one that was said farther from the tenant. */
  boolean holdsOver(T nearer, T farther) {
    return strictness == null || strictness.compare(nearer, farther) >= 0;
  }

  /** The value, or empty where it is absent or nothing that this can be. */
  Optional<T> of(@Nullable JsonNode node) {
    return node == null || node.isMissingNode() || node.isNull()
        ? Optional.empty()
        : parse.apply(node);
  }

  JsonNode json(T value) {
    return write.apply(value);
  }
}
