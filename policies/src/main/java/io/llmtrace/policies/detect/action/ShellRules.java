package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Redirect;
import io.llmtrace.policies.detect.action.Shell.Word;
import io.llmtrace.policies.detect.parse.Host;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.detect.parse.WebAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a command line would do that no task of an assistant needs. Commands that build, test, list
 * and clean are nothing, however they look: {@code rm -rf node_modules} is not {@code rm -rf /}.
 *
 * <p>Techniques after MITRE ATT&amp;CK: T1059 (interpreters), T1105 (tool transfer), T1552
 * (credentials in files), T1053, T1098.004 and T1546.004 (persistence), T1485 and T1561
 * (destruction), T1562 and T1070 (defences, traces), T1218 (signed binaries of Windows).
 */
final class ShellRules {
  private static final int DEEPEST = 4;
  private static final int MOST_DANGERS = 50;

  private final InspectionBudget budget;
  private final List<Danger> dangers = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private boolean interactive;
  private boolean network;
  private @Nullable Program lastRead;
  private Set<SensitivePath> lastLevels = Set.of();
  private int steps;

  private ShellRules(InspectionBudget budget) {
    this.budget = budget;
  }

  /** Reads a command line; spans are characters of {@code text}. */
  static List<Danger> read(String text, InspectionBudget budget) {
    return read(text, budget, 0);
  }

  /** The same for a command line that was found {@code depth} texts deep in others. */
  static List<Danger> read(String text, InspectionBudget budget, int depth) {
    ShellRules rules = new ShellRules(budget);
    rules.script(text, 0, text.length(), true, depth);
    return rules.dangers;
  }

  /** Reads what was parsed before. */
  static List<Danger> read(List<Pipeline> pipelines, InspectionBudget budget) {
    ShellRules rules = new ShellRules(budget);
    rules.walk(pipelines, -1, -1, 0);
    return rules.dangers;
  }

  private void script(String text, int start, int end, boolean exact, int depth) {
    if (depth > DEEPEST || text.isBlank()) {
      return;
    }
    forkBomb(text, start, end);
    List<Pipeline> pipelines = ShellParser.parse(text, budget);
    if (ShellParser.dialect(text) == ShellParser.Dialect.WINDOWS) {
      powerShell(text, start, end);
    }
    walk(pipelines, exact ? -1 : start, exact ? -1 : end, depth);
    if (names.contains("mkfifo") && network && interactive) {
      add("shell-reverse", CRITICAL, 0.95, start, end);
    }
  }

  /** Goes through pipelines; a span other than -1 stands for all that is in them. */
  private void walk(List<Pipeline> pipelines, int start, int end, int depth) {
    for (Pipeline pipeline : pipelines) {
      if (isFull() || budget.spent()) {
        return;
      }
      Scope scope = new Scope(start, end, depth);
      List<Program> programs = programs(pipeline);
      pipes(pipeline, programs, scope);
      for (Program program : programs) {
        if (over()) {
          return;
        }
        names.add(program.name());
        command(program, scope);
        for (Word word : program.command().words()) {
          if (!word.inner().isEmpty() && depth < ShellParser.DEEPEST) {
            walk(word.inner(), start, end, depth + 1);
          }
        }
      }
    }
  }

  private boolean isFull() {
    if (dangers.size() >= MOST_DANGERS) {
      budget.leaveOut();
      return true;
    }
    return false;
  }

  /** The programs of a pipeline, as far as there is time. */
  private List<Program> programs(Pipeline pipeline) {
    List<Program> programs = new ArrayList<>();
    for (Command command : pipeline.commands()) {
      if (over()) {
        break;
      }
      programs.add(Program.of(command));
    }
    return programs;
  }

  /** Where findings of nested text point: at the word that holds it. */
  private record Scope(int start, int end, int depth) {
    int from(int exact) {
      return start < 0 ? exact : start;
    }

    int to(int exact) {
      return start < 0 ? exact : end;
    }
  }

  private void add(String rule, Severity severity, double confidence, int start, int end) {
    dangers.add(Danger.shell(rule, severity, confidence, start, end));
  }

  private void add(String rule, Severity severity, double confidence, Scope scope, Program of) {
    add(rule, severity, confidence, scope.from(of.command().start()), scope.to(of.command().end()));
  }

  private void forkBomb(String text, int start, int end) {
    int at = text.indexOf("(){");
    at = at < 0 ? text.indexOf("() {") : at;
    if (at > 0) {
      String name = text.substring(Math.max(0, at - 1), at);
      String rest = text.substring(at, Math.min(text.length(), at + 60)).replace(" ", "");
      if (rest.contains("{" + name + "|" + name + "&")) {
        add("shell-fork-bomb", HIGH, 0.95, start, end);
      }
    }
  }

  // ---- pipes -------------------------------------------------------------------------------

  private void pipes(Pipeline pipeline, List<Program> programs, Scope scope) {
    int from = scope.from(pipeline.start());
    int to = scope.to(pipeline.end());
    Origin origin = Origin.NONE;
    String url = "";
    for (int i = 0; i < programs.size(); i++) {
      Program program = programs.get(i);
      if (over()) {
        return;
      }
      if (i > 0 && program.runsItsInput()) {
        input(origin, url, from, to);
        echoed(programs.get(i - 1), scope);
      }
      if (i > 0 && origin == Origin.SECRET && sendsAway(program)) {
        dangers.add(Danger.leak("shell-send-secret", CRITICAL, 0.9, from, to));
      }
      Origin own = origin(program);
      if (own != Origin.NONE) {
        origin = own;
        url = own == Origin.DOWNLOAD ? url(program) : url;
      }
      substituted(program, scope);
    }
  }

  /** Where the bytes in a pipe come from. */
  private enum Origin {
    NONE,
    DOWNLOAD,
    DECODED,
    REMOTE,
    SECRET
  }

  private Origin origin(Program program) {
    String line = program.line();
    if (program.isDownloader()) {
      return Origin.DOWNLOAD;
    }
    boolean decodes =
        switch (program.name()) {
          case "base64", "base32", "gbase64" -> line.contains("-d") || line.contains("--decode");
          case "xxd" -> program.hasFlag("r");
          case "openssl" ->
              (line.startsWith("enc") || line.startsWith("base64")) && line.contains("-d");
          case "rev", "uudecode" -> true;
          default -> false;
        };
    if (decodes) {
      return Origin.DECODED;
    }
    boolean remote =
        isNetcat(program)
            || program.name().equals("telnet")
            || (program.name().equals("openssl") && line.startsWith("s_client"));
    if (remote) {
      return Origin.REMOTE;
    }
    return readsSecret(program) || showsEnvironment(program) ? Origin.SECRET : Origin.NONE;
  }

  private void input(Origin origin, String url, int from, int to) {
    switch (origin) {
      case DOWNLOAD -> download(url, from, to);
      case DECODED -> add("shell-decode-run", HIGH, 0.9, from, to);
      case REMOTE -> add("shell-reverse", CRITICAL, 0.9, from, to);
      case NONE, SECRET -> {}
    }
  }

  /** {@code echo 'rm -rf /' | sh}: what is echoed is what runs. */
  private void echoed(Program before, Scope scope) {
    if (before.name().equals("echo") || before.name().equals("printf")) {
      StringBuilder script = new StringBuilder();
      before.args().forEach(arg -> script.append(arg.text()).append(' '));
      Command command = before.command();
      script(
          script.toString(),
          scope.from(command.start()),
          scope.to(command.end()),
          false,
          scope.depth() + 1);
    }
  }

  private void download(String url, int from, int to) {
    Optional<WebAddress> address = WebAddress.parse(url);
    if (address.isPresent() && Installers.isKnown(address.get())) {
      add("shell-known-installer", LOW, 0.6, from, to);
      return;
    }
    boolean bare =
        address.isPresent()
            && (address.get().scheme().equals("http") || Host.isAddress(address.get().host()));
    add("shell-download-run", bare ? CRITICAL : HIGH, 0.9, from, to);
  }

  private static String url(Program program) {
    for (Word arg : program.args()) {
      String text = arg.text();
      if (WebAddress.schemeEnd(text, 0) > 0) {
        return text;
      }
    }
    return "";
  }

  /** {@code bash -c "$(curl …)"}, {@code eval `…`}, {@code . <(curl …)}. */
  private void substituted(Program program, Scope scope) {
    boolean runs =
        program.isShell()
            || program.isLanguage()
            || Set.of("eval", "source", ".", "iex").contains(program.name());
    if (!runs) {
      return;
    }
    for (Word arg : program.args()) {
      for (Pipeline inner : arg.inner()) {
        for (Command command : inner.commands()) {
          Program made = Program.of(command);
          Origin origin = origin(made);
          if (origin == Origin.DOWNLOAD || origin == Origin.DECODED) {
            input(origin, url(made), scope.from(arg.start()), scope.to(arg.end()));
          }
        }
      }
    }
  }

  // ---- single commands ---------------------------------------------------------------------

  private void command(Program program, Scope scope) {
    switch (program.name()) {
      case "rm", "unlink", "shred", "srm" -> remove(program, scope);
      case "find" -> find(program, scope);
      case "dd" -> {
        if (program.line().contains("of=/dev/")
            && ShellFiles.isDisk(after(program.line(), "of="))) {
          add("shell-destroy-disk", HIGH, 0.95, scope, program);
        }
      }
      case "wipefs", "blkdiscard", "mkswap" ->
          add("shell-destroy-disk", HIGH, 0.85, scope, program);
      case "chmod", "chown" -> rights(program, scope);
      case "crontab" -> cron(program, scope);
      case "curl", "wget", "http", "https" -> upload(program, scope);
      case "nslookup", "dig", "host", "ping" -> substitutionInName(program, scope);
      case "nc", "ncat", "netcat", "nc.traditional", "socat", "telnet" -> netcat(program, scope);
      case "history" -> {
        if (program.hasFlag("c")) {
          add("shell-hide-traces", MEDIUM, 0.7, scope, program);
        }
      }
      case "unset" -> {
        if (program.hasArg("HISTFILE")) {
          add("shell-hide-traces", MEDIUM, 0.8, scope, program);
        }
      }
      case "setenforce", "ufw", "iptables", "systemctl", "service", "auditctl" ->
          defences(program, scope);
      case "useradd", "adduser", "usermod", "visudo", "passwd", "chpasswd" ->
          accounts(program, scope);
      case "insmod" -> add("shell-kernel-module", MEDIUM, 0.7, scope, program);
      case "docker", "podman", "nerdctl", "nsenter" -> container(program, scope);
      case "security" -> {
        if (program.line().contains("dump-keychain")
            || program.line().contains("find-generic-password")) {
          add("shell-read-secret", HIGH, 0.8, scope, program);
        }
      }
      case "ssh" -> remoteShell(program, scope);
      default -> {
        if (program.name().startsWith("mkfs")) {
          add("shell-destroy-disk", HIGH, 0.9, scope, program);
        }
      }
    }
    WindowsRules.read(program, (r, s, c) -> add(r, s, c, scope, program));
    interpreter(program, scope);
    redirects(program, scope);
    if (readsSecret(program) && !sendsAway(program)) {
      add("shell-read-secret", HIGH, 0.85, scope, program);
    } else if (reads(program, SensitivePath.NOTABLE) && !sendsAway(program)) {
      add("shell-read-system", MEDIUM, 0.75, scope, program);
    }
    if (isNetcat(program)) {
      network = true;
    }
    if ((program.isShell() && program.hasFlag("i")) || program.runsItsInput()) {
      interactive = true;
    }
  }

  private void remove(Program program, Scope scope) {
    boolean recursive =
        program.hasFlag("r")
            || program.hasFlag("R")
            || program.hasArg("--recursive", "--no-preserve-root");
    for (Word arg : program.args()) {
      if (over()) {
        return;
      }
      Severity severity = recursive ? ShellFiles.treeSeverity(arg.text()) : LOW;
      if (severity == CRITICAL) {
        add("shell-destroy-files", CRITICAL, 0.95, scope, program);
        return;
      }
      if (severity == MEDIUM) {
        add("shell-destroy-files", MEDIUM, 0.7, scope, program);
        return;
      }
      String path = SensitivePath.plain(arg.text());
      if (path.startsWith("/var/log") || path.endsWith("_history")) {
        add("shell-hide-traces", MEDIUM, 0.75, scope, program);
        return;
      }
      if (program.name().equals("shred") && ShellFiles.isDisk(path)) {
        add("shell-destroy-disk", HIGH, 0.9, scope, program);
        return;
      }
    }
  }

  private void find(Program program, Scope scope) {
    List<Word> args = program.args();
    boolean deletes = program.hasArg("-delete");
    for (int i = 0; i < args.size() && !over(); i++) {
      String arg = args.get(i).text();
      boolean runs = arg.equals("-exec") || arg.equals("-execdir");
      if (runs && scope.depth() < DEEPEST) {
        Command inner =
            new Command(
                args.subList(i + 1, args.size()),
                List.of(),
                program.command().start(),
                program.command().end());
        command(Program.of(inner), new Scope(scope.start(), scope.end(), scope.depth() + 1));
        break;
      }
      if (deletes
          && !arg.startsWith("-")
          && i == 0
          && ShellFiles.treeSeverity(arg) == CRITICAL
          && !program.hasArg("-name", "-iname", "-path", "-mtime", "-mmin")) {
        add("shell-destroy-files", CRITICAL, 0.9, scope, program);
      }
    }
  }

  private static String after(String line, String mark) {
    return line.substring(line.indexOf(mark) + mark.length());
  }

  private void rights(Program program, Scope scope) {
    boolean root = false;
    for (Word arg : program.args()) {
      if (over()) {
        return;
      }
      String path = SensitivePath.plain(arg.text());
      root |= ShellFiles.treeSeverity(path) == CRITICAL;
      if (program.name().equals("chmod")
          && (arg.text().equals("u+s")
              || arg.text().equals("+s")
              || ShellFiles.isSetuid(arg.text()))) {
        add("shell-raise-rights", HIGH, 0.8, scope, program);
        return;
      }
      if (path.equals("/etc/shadow") || path.equals("/etc/sudoers") || path.equals("/etc/passwd")) {
        add("shell-raise-rights", HIGH, 0.8, scope, program);
        return;
      }
    }
    if (root && (program.hasFlag("R") || program.hasArg("--recursive"))) {
      add("shell-destroy-rights", HIGH, 0.85, scope, program);
    }
  }

  private void cron(Program program, Scope scope) {
    if (program.hasFlag("r")) {
      add("shell-remove-cron", MEDIUM, 0.7, scope, program);
    } else if (program.args().stream()
        .anyMatch(a -> !a.text().startsWith("-") || a.text().equals("-"))) {
      add("shell-persist", MEDIUM, 0.75, scope, program);
    }
  }

  /** {@code -d @file}, {@code -F f=@file}, {@code -T file}, {@code --post-file=file}. */
  private void upload(Program program, Scope scope) {
    List<Word> args = program.args();
    String before = "";
    for (Word arg : args) {
      if (over()) {
        return;
      }
      String text = arg.text();
      int at = text.indexOf('@');
      boolean data =
          (at >= 0
              && (isDataFlag(before)
                  || text.startsWith("-d@")
                  || text.startsWith("-F")
                  || text.startsWith("--data")
                  || text.startsWith("--form")));
      String file =
          data
              ? text.substring(at + 1)
              : before.equals("-T") || before.equals("--upload-file")
                  ? text
                  : text.startsWith("--post-file=") || text.startsWith("--body-file=")
                      ? text.substring(text.indexOf('=') + 1)
                      : "";
      SensitivePath level = SensitivePath.of(file);
      int from = scope.from(program.command().start());
      int to = scope.to(program.command().end());
      if (level == SensitivePath.SECRET || level == SensitivePath.NOTABLE) {
        dangers.add(Danger.leak("shell-send-secret", CRITICAL, 0.9, from, to));
      } else if (level == SensitivePath.MINOR) {
        dangers.add(Danger.leak("shell-send-secret", HIGH, 0.85, from, to));
      }
      if (leakingSubstitution(arg)) {
        dangers.add(Danger.leak("shell-send-output", HIGH, 0.85, from, to));
      }
      before = text;
    }
  }

  private static boolean isDataFlag(String flag) {
    return flag.equals("-d")
        || flag.equals("-F")
        || flag.startsWith("--data")
        || flag.startsWith("--form");
  }

  /** A substitution whose output is a secret or tells of the machine. */
  private boolean leakingSubstitution(Word word) {
    for (Pipeline pipeline : word.inner()) {
      for (Command command : pipeline.commands()) {
        Program program = Program.of(command);
        boolean tells =
            Set.of("whoami", "id", "hostname", "uname", "env", "printenv", "ifconfig", "history")
                .contains(program.name());
        if (readsSecret(program)
            || reads(program, SensitivePath.NOTABLE)
            || reads(program, SensitivePath.MINOR)
            || tells) {
          return true;
        }
      }
    }
    return false;
  }

  private void substitutionInName(Program program, Scope scope) {
    for (Word arg : program.args()) {
      if (leakingSubstitution(arg)) {
        dangers.add(
            Danger.leak(
                "shell-send-by-dns",
                HIGH,
                0.9,
                scope.from(program.command().start()),
                scope.to(program.command().end())));
        return;
      }
    }
  }

  private static boolean isNetcat(Program program) {
    return Set.of("nc", "ncat", "netcat", "nc.traditional", "socat").contains(program.name());
  }

  private void netcat(Program program, Scope scope) {
    String line = program.line();
    boolean runs =
        (isNetcat(program)
                && !program.name().equals("socat")
                && (shortFlag(program, 'e')
                    || line.contains("--exec")
                    || line.contains("--sh-exec")
                    || (shortFlag(program, 'c') && line.contains("sh"))))
            || (program.name().equals("socat")
                && (line.contains("exec:") || line.contains("system:")));
    if (runs) {
      add("shell-reverse", CRITICAL, 0.95, scope, program);
    }
  }

  private static boolean shortFlag(Program program, char letter) {
    for (Word arg : program.args()) {
      String text = arg.text();
      if (text.length() >= 2
          && text.length() <= 6
          && text.charAt(0) == '-'
          && text.charAt(1) != '-'
          && text.indexOf(letter) > 0) {
        return true;
      }
    }
    return false;
  }

  private void defences(Program program, Scope scope) {
    String line = program.line();
    boolean off =
        switch (program.name()) {
          case "setenforce" -> line.startsWith("0");
          case "ufw" -> line.startsWith("disable");
          case "iptables" -> line.startsWith("-f ") || line.startsWith("--flush");
          case "auditctl" -> line.contains("-e 0") || line.contains("-d ");
          default ->
              (line.contains("stop ") || line.contains("disable "))
                  && (line.contains("auditd")
                      || line.contains("falco")
                      || line.contains("firewalld")
                      || line.contains("apparmor")
                      || line.contains("crowdstrike")
                      || line.contains("syslog")
                      || line.contains("fail2ban"));
        };
    if (off) {
      add("shell-switch-off-defences", MEDIUM, 0.75, scope, program);
    }
  }

  private void accounts(Program program, Scope scope) {
    String line = program.line();
    boolean root = line.contains("-u 0") || line.contains("sudo") || line.contains("wheel");
    if (root || program.name().equals("chpasswd")) {
      add("shell-account", root ? HIGH : MEDIUM, 0.75, scope, program);
    }
  }

  private void container(Program program, Scope scope) {
    String line = program.line();
    if (program.name().equals("nsenter")) {
      if (line.contains("-t 1 ") || line.contains("--target 1 ")) {
        add("shell-container-escape", HIGH, 0.85, scope, program);
      }
      return;
    }
    boolean host =
        line.contains("-v /:/")
            || line.contains("--volume /:/")
            || line.contains("--volume=/:/")
            || line.contains("source=/,");
    if (host) {
      add("shell-container-escape", HIGH, 0.8, scope, program);
    } else if (line.contains("--privileged")) {
      add("shell-container-escape", MEDIUM, 0.6, scope, program);
    }
  }

  /** {@code ssh host 'command'}: the last words are a command line of their own. */
  private void remoteShell(Program program, Scope scope) {
    if (!program.args().isEmpty()) {
      Word last = program.args().get(program.args().size() - 1);
      if (last.quoted()) {
        nested(last, scope);
      }
    }
  }

  private void nested(Word word, Scope scope) {
    script(word.text(), scope.from(word.start()), scope.to(word.end()), false, scope.depth() + 1);
  }

  private void interpreter(Program program, Scope scope) {
    List<Word> args = program.args();
    if (program.name().equals("eval") || program.name().equals("cmd")) {
      StringBuilder script = new StringBuilder();
      for (Word arg : args) {
        if (!(program.name().equals("cmd") && arg.text().startsWith("/"))) {
          script.append(arg.text()).append(' ');
        }
      }
      if (!args.isEmpty()) {
        script(
            script.toString(),
            scope.from(args.get(0).start()),
            scope.to(args.get(args.size() - 1).end()),
            false,
            scope.depth() + 1);
      }
    }
    if (!program.isShell() && !program.isLanguage() && !program.isPowerShell()) {
      return;
    }
    for (int i = 0; i < args.size() && !over(); i++) {
      String flag = args.get(i).text();
      boolean code =
          program.isShell()
              ? Program.isCommandFlag(flag)
              : (program.isLanguage() && Set.of("-c", "-e", "-r", "-E", "--eval").contains(flag))
                  || flag.startsWith("-rsocket");
      if (code && i + 1 < args.size()) {
        Word script = args.get(i + 1);
        if (program.isShell()) {
          nested(script, scope);
        } else {
          code(script.text(), scope.from(script.start()), scope.to(script.end()), scope.depth());
        }
      }
      if (program.isPowerShell()) {
        powerShellArgument(args, i, scope);
      }
    }
    for (Redirect redirect : program.command().redirects()) {
      if (redirect.operator().equals("<<") || redirect.operator().equals("<<<")) {
        Word body = redirect.target();
        if (program.isShell()) {
          script(
              body.text(),
              scope.from(body.start()),
              scope.to(body.end()),
              false,
              scope.depth() + 1);
        } else {
          code(body.text(), scope.from(body.start()), scope.to(body.end()), scope.depth());
        }
      }
    }
  }

  private void powerShellArgument(List<Word> args, int i, Scope scope) {
    String flag = Letters.lower(args.get(i).text()).replace('/', '-');
    boolean encoded =
        (flag.length() >= 2 && "-encodedcommand".startsWith(flag)) || flag.equals("-ec");
    if (i + 1 >= args.size()) {
      return;
    }
    if (encoded) {
      Word word = args.get(i + 1);
      String script = PowerShell.utf16(word.text());
      add(
          "shell-powershell-encoded",
          HIGH,
          script.isEmpty() ? 0.7 : 0.9,
          scope.from(word.start()),
          scope.to(word.end()));
      script(script, scope.from(word.start()), scope.to(word.end()), false, scope.depth() + 1);
    } else if (flag.equals("-command") || flag.equals("-c")) {
      nested(args.get(i + 1), scope);
    }
  }

  private void powerShell(String text, int start, int end) {
    switch (PowerShell.deed(text)) {
      case RUNS_DOWNLOAD -> download(PowerShell.url(text), start, end);
      case RUNS_DECODED -> add("shell-decode-run", HIGH, 0.9, start, end);
      case OPENS_SHELL -> add("shell-reverse", CRITICAL, 0.95, start, end);
      case NOTHING -> {}
    }
  }

  /** Code of another language that a command line carries. */
  private void code(String code, int start, int end, int depth) {
    for (Danger danger : CodeStrings.dangers(code, budget, depth)) {
      dangers.add(danger.at(start, end));
    }
  }

  // ---- files -------------------------------------------------------------------------------

  private void redirects(Program program, Scope scope) {
    List<Word> written = new ArrayList<>();
    for (Redirect redirect : program.command().redirects()) {
      String path = SensitivePath.plain(redirect.target().text());
      if (path.startsWith("/dev/tcp/") || path.startsWith("/dev/udp/")) {
        socket(program, path, scope);
      } else if (redirect.operator().contains(">")) {
        written.add(redirect.target());
      }
    }
    if (program.name().equals("tee")) {
      written.addAll(program.args());
    }
    for (Word word : written) {
      write(program, word, scope);
    }
  }

  /** Waiting for a port is what most scripts use this for; a shell at the other end is not. */
  private void socket(Program program, String path, Scope scope) {
    boolean shell = program.isShell() || program.name().isEmpty() || program.name().equals("exec");
    String[] parts = path.split("/", -1);
    boolean inside = parts.length > 3 && Host.of(parts[3]).reach().isInside();
    if (shell && program.hasFlag("i")) {
      add("shell-reverse", CRITICAL, 0.95, scope, program);
    } else if (readsSecret(program) || reads(program, SensitivePath.NOTABLE)) {
      add("shell-send-secret", CRITICAL, 0.9, scope, program);
    } else if (program.command().words().stream().anyMatch(w -> w.text().equals("exec"))
        && !inside) {
      add("shell-reverse", HIGH, 0.8, scope, program);
    } else if (!inside && !Set.of("echo", "", ":", "true", "printf").contains(program.name())) {
      add("shell-socket", MEDIUM, 0.6, scope, program);
    }
  }

  private void write(Program program, Word target, Scope scope) {
    String path = SensitivePath.plain(target.text());
    if (ShellFiles.isDisk(path)) {
      add("shell-destroy-disk", HIGH, 0.95, scope, program);
    } else if (path.endsWith("/authorized_keys") || path.equals("authorized_keys")) {
      add("shell-persist", HIGH, 0.9, scope, program);
    } else if (path.startsWith("/etc/passwd")
        || path.startsWith("/etc/shadow")
        || path.startsWith("/etc/sudoers")
        || path.equals("/etc/ld.so.preload")) {
      add("shell-raise-rights", HIGH, 0.9, scope, program);
    } else if (path.startsWith("/etc/cron") || path.startsWith("/var/spool/cron")) {
      add("shell-persist", MEDIUM, 0.75, scope, program);
    } else if (ShellFiles.isStartFile(path) && ShellFiles.carriesPayload(program)) {
      add("shell-persist", HIGH, 0.85, scope, program);
    } else if (path.startsWith("/etc/systemd/system/") || path.startsWith("/etc/init.d/")) {
      add("shell-persist", MEDIUM, 0.6, scope, program);
    }
  }

  private boolean readsSecret(Program program) {
    return reads(program, SensitivePath.SECRET);
  }

  // The very same program is asked several times in a row; comparing its words would cost as much.
  @SuppressWarnings("ReferenceEquality")
  private boolean reads(Program program, SensitivePath level) {
    if (program != lastRead) {
      lastRead = program;
      lastLevels = levels(program);
    }
    return lastLevels.contains(level);
  }

  /** How bad the files are that a program reads. */
  private Set<SensitivePath> levels(Program program) {
    Set<SensitivePath> levels = EnumSet.noneOf(SensitivePath.class);
    if (ShellFiles.isReader(program)) {
      for (Word arg : program.args()) {
        if (over()) {
          break;
        }
        levels.add(SensitivePath.of(arg.text()));
      }
    }
    for (Redirect redirect : program.command().redirects()) {
      if (redirect.operator().equals("<")) {
        levels.add(SensitivePath.of(redirect.target().text()));
      }
    }
    return levels;
  }

  /** Asked in loops over words: a command may have a million of them. */
  private boolean over() {
    return (++steps & 127) == 0 && budget.spent();
  }

  private static boolean showsEnvironment(Program program) {
    // "env" is a wrapper: with nothing to wrap, no name is left.
    boolean env =
        program.name().isEmpty()
            && !program.command().words().isEmpty()
            && program.command().words().get(0).text().equals("env");
    return env
        || program.name().equals("printenv")
        || (program.name().equals("set") && program.args().isEmpty())
        || (program.name().equals("history") && program.args().isEmpty());
  }

  private static boolean sendsAway(Program program) {
    return isNetcat(program)
        || Set.of("telnet", "ftp", "tftp", "mail", "mailx", "sendmail", "scp")
            .contains(program.name())
        || (Set.of("curl", "wget").contains(program.name())
            && (program.line().contains("-d")
                || program.line().contains("-t ")
                || program.line().contains("-f ")
                || program.line().contains("--upload-file")
                || program.line().contains("--post")));
  }
}
