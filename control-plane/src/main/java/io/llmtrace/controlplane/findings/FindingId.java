package io.llmtrace.controlplane.findings;

import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Days;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.policies.id.Ulid;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names a finding: {@code 01J….request.1}.
 *
 * @param decisionId of its exchange
 * @param origin {@code request} or {@code answer}
 * @param place its number there, from 1
 */
public record FindingId(String decisionId, String origin, int place) {
  public static final String EXPECTED = "the id of a finding, such as 01J….request.1";

  private static final Pattern FORM =
      Pattern.compile("([0-9A-Z]{26})\\.(request|answer)\\.([1-9][0-9]{0,8})");

  /** The id of a text, if it is one. */
  public static Optional<FindingId> parse(String text) {
    Matcher parts = FORM.matcher(text);
    return parts.matches() && Ulid.isValid(parts.group(1))
        ? Optional.of(
            new FindingId(parts.group(1), parts.group(2), Integer.parseInt(parts.group(3))))
        : Optional.empty();
  }

  /** The day of its partition. */
  public LocalDate day() {
    return Ulid.time(decisionId).atZone(ZoneOffset.UTC).toLocalDate();
  }

  Days days() {
    return new Days(day(), day());
  }

  Bounds bounds() {
    return Bounds.only(decisionId);
  }

  Place asPlace() {
    return new Place(decisionId, origin, place);
  }

  @Override
  public String toString() {
    return decisionId + "." + origin + "." + place;
  }
}
