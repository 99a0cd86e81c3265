package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.detect.parse.WebAddress;
import java.util.List;
import java.util.Set;

/**
 * Addresses whose own documentation says to pipe them into a shell. That is still worth a line, but
 * it is what a person who sets up a machine does.
 */
final class Installers {
  private static final Set<String> HOSTS =
      Set.of(
          "sh.rustup.rs",
          "get.docker.com",
          "install.python-poetry.org",
          "deno.land",
          "bun.sh",
          "get.pnpm.io",
          "astral.sh",
          "get.k3s.io",
          "get.helm.sh",
          "sdk.cloud.google.com",
          "deb.nodesource.com",
          "rpm.nodesource.com",
          "get.sdkman.io",
          "starship.rs",
          "ollama.com",
          "tailscale.com",
          "nixos.org",
          "install.determinate.systems",
          "get.scoop.sh",
          "community.chocolatey.org",
          "claude.ai",
          "cursor.com",
          "aka.ms",
          "brew.sh");

  private static final List<String> RAW_OWNERS =
      List.of("/nvm-sh/", "/homebrew/", "/ohmyzsh/", "/pyenv/", "/helm/", "/rbenv/", "/k3d-io/");

  private Installers() {}

  static boolean isKnown(WebAddress address) {
    if (!address.scheme().equals("https") || !address.userInfo().isEmpty()) {
      return false;
    }
    String host = Letters.lower(address.host());
    String path = Letters.lower(address.path());
    return HOSTS.contains(host)
        || (host.equals("raw.githubusercontent.com")
            && RAW_OWNERS.stream().anyMatch(path::startsWith));
  }
}
