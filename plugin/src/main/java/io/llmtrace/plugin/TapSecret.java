package io.llmtrace.plugin;

import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The secret that the gateway's logger sends: configured, or made on the first start. */
final class TapSecret {
  /** Where it is written when the configuration names none. */
  static final String FILE = "initial-tap.key";

  private static final int BYTES = 32;

  private TapSecret() {}

  static Secret of(PluginConfig config) throws IOException {
    Secret configured = config.tapSecret();
    if (configured != null) {
      return configured;
    }
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    byte[] secret =
        PrivateFiles.createOrRead(
            config.dataDirectory().resolve(FILE),
            HexFormat.of().formatHex(random).getBytes(StandardCharsets.US_ASCII));
    return Secret.of(new String(secret, StandardCharsets.US_ASCII).trim());
  }
}
