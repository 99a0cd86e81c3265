package io.llmtrace.runtime.config;

/** Where a tenant's or an agent's name is taken from. */
public sealed interface IdentitySource {
  /** As it is written in {@code llmtrace.yaml}. */
  String text();

  /** The gateway's consumer, which the gateway has authenticated. */
  record Consumer() implements IdentitySource {
    @Override
    public String text() {
      return "consumer";
    }
  }

  /**
   * A header of the request, which any client can set unless the gateway does.
   *
   * @param name in lower case
   */
  record Header(String name) implements IdentitySource {
    @Override
    public String text() {
      return "header:" + name;
    }
  }

  /** A hash of the key that the client sent. */
  record KeyHash() implements IdentitySource {
    @Override
    public String text() {
      return "key_hash";
    }
  }

  /**
   * A claim of a JSON Web Token whose signature the gateway has verified; it is not verified again.
   *
   * @param name a key of the token's claims
   * @param header the header that holds the token, in lower case
   */
  record Claim(String name, String header) implements IdentitySource {
    @Override
    public String text() {
      return "claim:" + name + (header.equals("authorization") ? "" : "@" + header);
    }
  }
}
