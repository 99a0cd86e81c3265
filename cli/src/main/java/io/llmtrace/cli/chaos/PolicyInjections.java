package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.library.PolicyLibrary;
import java.io.IOException;
import java.net.http.HttpResponse;

/** Faults of policy files, as somebody brings them. Stateless. */
final class PolicyInjections {
  private static final String POLICIES = "/api/v1/policies";

  private PolicyInjections() {}

  /**
   * Each policy of the library is brought to the control plane damaged, under traffic. Each is
   * refused with what is wrong with it, and nothing of it is kept or decides.
   */
  static Injection damaged() {
    return new Injection() {
      private String before = "";

      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        before = state(stack);
        for (String name : PolicyLibrary.names()) {
          String source = PolicyLibrary.policy(name).orElseThrow();
          bring(stack, name + " with another byte", anotherByte(source));
          bring(stack, name + " of which half is missing", half(source));
        }
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        String now = state(stack);
        if (!now.equals(before)) {
          throw new IOException("damaged policies changed " + before + " to " + now);
        }
      }
    };
  }

  private static void bring(ChaosStack stack, String what, String source)
      throws IOException, InterruptedException {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("source", source);
    HttpResponse<String> answer = stack.ask("POST", POLICIES, body);
    if (answer.statusCode() != 400 || !answer.body().contains("\"errors\":[{")) {
      throw new IOException(
          what + ": expected 400 with errors, got " + answer.statusCode() + " " + answer.body());
    }
  }

  /** What of the policies is stored, and what the plugin has of them. */
  private static String state(ChaosStack stack) throws IOException, InterruptedException {
    JsonNode plugin = stack.pluginHealth();
    return stack.ask("GET", POLICIES, null).body()
        + " with the plugin's problems "
        + plugin.path("problems");
  }

  /** The colon of a key in the middle is another character. */
  private static String anotherByte(String source) {
    int colon = source.indexOf("\nmode:") + "\nmode".length();
    return source.substring(0, colon) + (char) (':' ^ 0x55) + source.substring(colon + 1);
  }

  /** Cut in the middle of a key, as when a disk was full. */
  private static String half(String source) {
    return source.substring(0, source.indexOf("\nmode:") + "\nmo".length());
  }
}
