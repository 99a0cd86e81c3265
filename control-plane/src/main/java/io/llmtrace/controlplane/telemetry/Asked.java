package io.llmtrace.controlplane.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.ingest.StoredExchange;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.InspectionRecord;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/** The first halves of exchanges: at hand, or read again where they came before. Thread-safe. */
final class Asked {
  private final Supplier<Jdbi> jdbi;

  Asked(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * What was read.
   *
   * @param told in the order that was asked for
   * @param missing exchanges that are not there any more
   */
  record Read(List<Told> told, int missing) {}

  Read read(List<StoredExchange> exchanges) {
    Map<String, InspectionRecord> stored =
        stored(exchanges.stream().filter(each -> each.asked() == null).toList());
    List<Told> told = new ArrayList<>();
    int missing = 0;
    for (StoredExchange each : exchanges) {
      if (each.asked() != null) {
        told.add(new Told(each.asked(), each.answered()));
        continue;
      }
      InspectionRecord asked = stored.get(each.decisionId());
      if (asked == null) {
        missing++;
      } else if (asked.tap() && !asked.receipt().ofSpans()) {
        // One that expects no answer was told when it came, and whoever sends spans has them.
        told.add(new Told(asked, each.answered()));
      }
    }
    return new Read(told, missing);
  }

  private Map<String, InspectionRecord> stored(List<StoredExchange> exchanges) {
    Map<String, InspectionRecord> found = new HashMap<>();
    if (exchanges.isEmpty()) {
      return found;
    }
    jdbi.get()
        .useHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT decision_id, record::text AS record FROM exchanges"
                            + " WHERE decision_id = ANY(:ids) AND day = ANY(CAST(:days AS date[]))")
                    .bindArray(
                        "ids",
                        String.class,
                        exchanges.stream().map(StoredExchange::decisionId).toList())
                    .bindArray(
                        "days",
                        String.class,
                        exchanges.stream().map(each -> day(each.decisionId())).distinct().toList())
                    .map(
                        (row, context) ->
                            Map.entry(
                                row.getString("decision_id"), parsed(row.getString("record"))))
                    .forEach(entry -> found.put(entry.getKey(), entry.getValue())));
    return found;
  }

  private static String day(String decisionId) {
    return Ulid.time(decisionId).atZone(ZoneOffset.UTC).toLocalDate().toString();
  }

  private static InspectionRecord parsed(String json) {
    try {
      return WireJson.mapper().readValue(json, InspectionRecord.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored record cannot be read", e);
    }
  }
}
