package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Bodies that plugins send: JSON, possibly gzip, bounded each and all together while they are read
 * and used: one for all paths that take them, or each would have the whole budget. Thread-safe.
 */
public final class WireBody {
  private static final int COMPRESSED = 8 << 20;
  private static final int RAW = 64 << 20;
  private static final int PIECE = 16 << 10;

  private final BodyBudget budget = BodyBudget.ofHeap();

  /** What is done with a body while its bytes count. */
  @FunctionalInterface
  public interface Use<T, R> {
    R of(T value) throws IOException;
  }

  /**
   * Reads a body and uses it.
   *
   * @param encoding of the content, as its header says
   * @param busy what is said where there is no room for it now
   */
  public <T, R> R use(
      InputStream body, @Nullable String encoding, Class<T> type, String busy, Use<T, R> use)
      throws IOException {
    return use(body, encoding, RAW, type, busy, use);
  }

  /**
   * As above, for a body that is never large.
   *
   * @param most bytes that it may have, unpacked
   */
  public <T, R> R use(
      InputStream body,
      @Nullable String encoding,
      int most,
      Class<T> type,
      String busy,
      Use<T, R> use)
      throws IOException {
    try (BodyBudget.Lease lease = budget.lease()) {
      JsonWeight weight = new JsonWeight();
      byte[] json = read(body, encoding, Math.min(most, COMPRESSED), most, weight::of, lease);
      return use.of(parse(json, type));
    } catch (BusyException e) {
      throw Problem.busy(busy, 1);
    }
  }

  /**
   * As {@link #use}, for a body that is no JSON of ours.
   *
   * @param most bytes that it may have, unpacked
   * @param weight how many times as much memory as our JSON what is made of it may take
   */
  public <R> R useBytes(
      InputStream body,
      @Nullable String encoding,
      int most,
      int weight,
      String busy,
      Use<byte[], R> use)
      throws IOException {
    try (BodyBudget.Lease lease = budget.lease()) {
      return use.of(
          read(
              body,
              encoding,
              Math.min(most, COMPRESSED),
              most,
              (piece, count) -> count * weight,
              lease));
    } catch (BusyException e) {
      throw Problem.busy(busy, 1);
    }
  }

  /** How much memory the next piece of a body takes, with what is made of it. */
  @FunctionalInterface
  private interface Weight {
    int of(byte[] piece, int count);
  }

  /** Unpacks as it reads: nothing is held that the lease does not count. */
  private byte[] read(
      InputStream body,
      @Nullable String encoding,
      int plain,
      int unpacked,
      Weight weight,
      BodyBudget.Lease lease)
      throws IOException {
    if (!"gzip".equalsIgnoreCase(encoding)) {
      return bounded(body, plain, weight, lease);
    }
    try (GZIPInputStream raw = new GZIPInputStream(body, PIECE)) {
      return bounded(raw, unpacked, weight, lease);
    } catch (ZipException | java.io.EOFException e) {
      throw Problem.of(400, "body: expected gzip (" + e.getMessage() + ")");
    }
  }

  private byte[] bounded(InputStream in, int most, Weight weight, BodyBudget.Lease lease)
      throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    byte[] piece = new byte[PIECE];
    long taken = 0;
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
      int more = weight.of(piece, count);
      taken += more;
      if (taken > budget.most()) {
        // However long it waited there would never be room.
        throw Problem.of(
            413,
            "body: expected what takes at most "
                + budget.most()
                + " bytes of memory; send less at once");
      }
      lease.take(more);
      read.write(piece, 0, count);
      if (read.size() > most) {
        throw Problem.of(413, "body: expected at most " + most + " bytes, unpacked");
      }
    }
    return read.toByteArray();
  }

  private static <T> T parse(byte[] json, Class<T> type) throws IOException {
    try {
      T value = WireJson.mapper().readValue(json, type);
      if (value == null) {
        throw Problem.of(400, "body: expected an object");
      }
      return value;
    } catch (CharConversionException e) {
      throw Problem.of(400, "body: expected UTF-8");
    } catch (JsonProcessingException e) {
      // A record that misses a list or a map fails in its constructor, which says nothing useful.
      String fault =
          e instanceof ValueInstantiationException
              ? "a list, map or object in it is missing or null"
              : e.getOriginalMessage();
      throw Problem.of(400, place(e) + ": " + fault);
    }
  }

  /** {@code records[3].findings[0].severity}, as far as the fault has a place. */
  private static String place(JsonProcessingException fault) {
    if (!(fault instanceof JsonMappingException mapping) || mapping.getPath().isEmpty()) {
      return "body";
    }
    StringBuilder place = new StringBuilder();
    for (JsonMappingException.Reference step : mapping.getPath()) {
      if (step.getFieldName() == null) {
        place.append('[').append(step.getIndex()).append(']');
      } else {
        place.append(place.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return place.toString();
  }
}
