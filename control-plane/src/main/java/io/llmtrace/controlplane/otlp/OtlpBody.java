package io.llmtrace.controlplane.otlp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.policies.json.WireJson;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import java.io.ByteArrayOutputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The two encodings of OTLP/HTTP (opentelemetry.io/docs/specs/otlp): protobuf, and its JSON with
 * ids in hexadecimal. Stateless.
 */
enum OtlpBody {
  PROTOBUF("application/x-protobuf") {
    @Override
    ExportTraceServiceRequest read(byte[] body) {
      try {
        return ExportTraceServiceRequest.parseFrom(body);
      } catch (InvalidProtocolBufferException e) {
        throw Problem.of(400, "body: expected ExportTraceServiceRequest in protobuf");
      }
    }

    @Override
    byte[] write(ExportTraceServiceResponse answer) {
      return answer.toByteArray();
    }

    /** {@code google.rpc.Status}: its second field is the message. */
    @Override
    byte[] fault(String message) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      try {
        out.writeString(2, message);
        out.flush();
      } catch (IOException e) {
        throw new IllegalStateException("memory takes bytes", e);
      }
      return bytes.toByteArray();
    }
  },
  JSON("application/json") {
    @Override
    ExportTraceServiceRequest read(byte[] body) {
      try {
        JsonNode tree = WireJson.mapper().readTree(body);
        if (tree == null || !tree.isObject()) {
          throw Problem.of(400, "body: expected an object with resourceSpans");
        }
        ids(tree);
        ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
        JsonFormat.parser()
            .ignoringUnknownFields()
            .merge(WireJson.mapper().writeValueAsString(tree), request);
        return request.build();
      } catch (CharConversionException e) {
        throw Problem.of(400, "body: expected UTF-8");
      } catch (JsonProcessingException e) {
        throw Problem.of(400, "body: expected JSON (" + e.getOriginalMessage() + ")");
      } catch (InvalidProtocolBufferException e) {
        throw Problem.of(400, "body: expected ExportTraceServiceRequest in JSON");
      } catch (IOException e) {
        throw new IllegalStateException("bytes in memory are read", e);
      }
    }

    @Override
    byte[] write(ExportTraceServiceResponse answer) {
      try {
        return JsonFormat.printer()
            .omittingInsignificantWhitespace()
            .print(answer)
            .getBytes(StandardCharsets.UTF_8);
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("an answer is written", e);
      }
    }

    @Override
    byte[] fault(String message) {
      ObjectNode status = WireJson.mapper().createObjectNode();
      status.put("message", message);
      return status.toString().getBytes(StandardCharsets.UTF_8);
    }
  };

  private final String type;

  OtlpBody(String type) {
    this.type = type;
  }

  String type() {
    return type;
  }

  /**
   * Reads a request.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400
   */
  abstract ExportTraceServiceRequest read(byte[] body);

  abstract byte[] write(ExportTraceServiceResponse answer);

  /** What is said of a request that is not taken. */
  abstract byte[] fault(String message);

  /** Protobuf's own JSON has bytes in base64, OTLP's has ids in hexadecimal. */
  private static void ids(JsonNode tree) {
    for (JsonNode resource : tree.path("resourceSpans")) {
      for (JsonNode scope : resource.path("scopeSpans")) {
        for (JsonNode span : scope.path("spans")) {
          if (span instanceof ObjectNode object) {
            // What spans link to and what happened in them is not used.
            object.remove("links");
            object.remove("events");
            for (String id : new String[] {"traceId", "spanId", "parentSpanId"}) {
              if (object.has(id)) {
                object.put(id, base64(object.path(id).asText()));
              }
            }
          }
        }
      }
    }
  }

  /** An id that is none becomes an empty one, which is refused with its span. */
  private static String base64(String hex) {
    return hex.matches("([0-9a-fA-F]{2}){1,16}")
        ? Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex))
        : "";
  }
}
