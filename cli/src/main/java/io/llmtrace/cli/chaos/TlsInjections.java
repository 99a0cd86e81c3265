package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Faults of certificates. Stateless. */
final class TlsInjections {
  private static final Pattern ADDRESS = Pattern.compile("(?m)^( *)control_plane_url: .*$");

  private TlsInjections() {}

  /**
   * The plugin speaks TLS with the control plane, and the certificate that it is shown runs out.
   */
  static Injection expired() {
    return new Injection() {
      @Override
      public void prepare(ChaosStack stack) throws IOException, InterruptedException {
        TlsFront front = stack.tlsFront();
        front.renew();
        Path config = stack.files().directory().resolve("llmtrace-tls.yaml");
        Matcher address = ADDRESS.matcher(Files.readString(stack.files().config()));
        if (!address.find()) {
          throw new IOException("no control_plane_url in " + stack.files().config());
        }
        String settings =
            "$1control_plane_url: \"https://localhost:%d\"%n$1control_plane_tls: {ca: \"%s\"}"
                .formatted(front.port(), front.authority());
        Files.writeString(config, address.replaceFirst(settings));
        stack.process(Part.PLUGIN).close();
        Processes processes = stack.processes();
        processes.start(Part.PLUGIN, processes.usual().with(config));
      }

      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.tlsFront().expire();
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        long refused = stack.tlsFront().refused();
        stack.tlsFront().renew();
        if (refused == 0) {
          throw new IOException("the plugin did not refuse a certificate that had run out");
        }
      }

      @Override
      public void after(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).close();
        stack.start(Part.PLUGIN);
      }
    };
  }
}
