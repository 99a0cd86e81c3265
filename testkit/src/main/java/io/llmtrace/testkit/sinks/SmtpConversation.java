package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** One client's commands, one after the other. */
final class SmtpConversation {
  private static final Pattern PATH = Pattern.compile("(?i)(?:MAIL FROM|RCPT TO):\\s*<([^<>]*)>.*");
  private static final int LINE = 4_096;
  private static final int MAIL = 8 << 20;

  private final SmtpSink sink;
  private final Optional<SSLContext> tls;
  private final Optional<SmtpSink.Login> login;
  private Socket socket;
  private InputStream in;
  private OutputStream out;
  private boolean secured;
  private boolean known;
  private @Nullable String from;
  private final List<String> to = new ArrayList<>();

  SmtpConversation(
      SmtpSink sink, Socket socket, Optional<SSLContext> tls, Optional<SmtpSink.Login> login)
      throws IOException {
    this.sink = sink;
    this.socket = socket;
    this.tls = tls;
    this.login = login;
    this.known = login.isEmpty();
    this.in = new BufferedInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
  }

  void run() throws IOException {
    say("220 sink ESMTP");
    while (true) {
      String line = line();
      String verb = line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT);
      switch (verb) {
        case "EHLO", "HELO" -> hello();
        case "STARTTLS" -> startTls();
        case "AUTH" -> auth(line);
        case "MAIL" -> mail(line);
        case "RCPT" -> recipient(line);
        case "DATA" -> {
          if (!data()) {
            return;
          }
        }
        case "RSET" -> {
          forget();
          say("250 forgotten");
        }
        case "NOOP" -> say("250 ok");
        case "QUIT" -> {
          say("221 bye");
          return;
        }
        default -> say("500 unknown command");
      }
    }
  }

  private void hello() throws IOException {
    forget();
    say("250-sink");
    if (tls.isPresent() && !secured) {
      say("250-STARTTLS");
    }
    if (login.isPresent() && (secured || tls.isEmpty())) {
      say("250-AUTH PLAIN LOGIN");
    }
    say("250 8BITMIME");
  }

  private void startTls() throws IOException {
    if (tls.isEmpty() || secured) {
      say("502 no TLS here");
      return;
    }
    say("220 go ahead");
    SSLSocket secure =
        (SSLSocket)
            tls.get()
                .getSocketFactory()
                .createSocket(
                    socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
    secure.setUseClientMode(false);
    secure.startHandshake();
    socket = secure;
    in = new BufferedInputStream(secure.getInputStream());
    out = secure.getOutputStream();
    secured = true;
  }

  private void auth(String line) throws IOException {
    if (login.isEmpty()) {
      say("502 nobody logs in here");
      return;
    }
    String[] words = line.split(" ", -1);
    String kind = words.length > 1 ? words[1].toUpperCase(Locale.ROOT) : "";
    String user;
    String password;
    if (kind.equals("PLAIN")) {
      String told = words.length > 2 ? words[2] : ask("334 ");
      String[] parts = decoded(told).split("\0", -1);
      user = parts.length == 3 ? parts[1] : "";
      password = parts.length == 3 ? parts[2] : "";
    } else if (kind.equals("LOGIN")) {
      user = decoded(words.length > 2 ? words[2] : ask("334 VXNlcm5hbWU6"));
      password = decoded(ask("334 UGFzc3dvcmQ6"));
    } else {
      say("504 unknown kind; expected PLAIN or LOGIN");
      return;
    }
    known = login.get().equals(new SmtpSink.Login(user, password));
    say(known ? "235 welcome" : "535 authentication failed");
  }

  private String ask(String question) throws IOException {
    say(question);
    return line();
  }

  private static String decoded(String base64) throws IOException {
    try {
      return new String(Base64.getDecoder().decode(base64), UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IOException("no base64 in AUTH", e);
    }
  }

  private void mail(String line) throws IOException {
    Matcher path = PATH.matcher(line);
    if (!known) {
      say("530 authentication required");
    } else if (path.matches()) {
      forget();
      from = path.group(1);
      say("250 ok");
    } else {
      say("501 expected MAIL FROM:<address>");
    }
  }

  private void recipient(String line) throws IOException {
    Matcher path = PATH.matcher(line);
    if (from == null) {
      say("503 MAIL first");
    } else if (path.matches() && path.group(1).contains("@")) {
      to.add(path.group(1));
      say("250 ok");
    } else {
      say("501 expected RCPT TO:<address>");
    }
  }

  /** Whether the conversation goes on. */
  private boolean data() throws IOException {
    String sender = from;
    if (sender == null || to.isEmpty()) {
      say("503 MAIL and RCPT first");
      return true;
    }
    say("354 end with a point");
    byte[] data = body();
    List<String> recipients = List.copyOf(to);
    forget();
    Fault fault = sink.nextFault();
    if (fault instanceof Fault.RateLimited) {
      say("451 4.7.1 too much mail");
    } else if (fault instanceof Fault.Status status) {
      say((status.status() >= 500 ? "451" : "554") + " mock failure");
    } else if (fault instanceof Fault.ErrorBody) {
      say("554 mock failure");
    } else if (fault instanceof Fault.Reset) {
      return reset();
    } else if (fault instanceof Fault.ResetAfterAccepting) {
      sink.take(sender, recipients, data, false);
      return reset();
    } else if (fault instanceof Fault.Hang) {
      // Until the client or the sink closes.
      in.read();
      return false;
    } else {
      if (fault instanceof Fault.Slow slow) {
        sleep(slow);
      }
      List<String> problems = sink.take(sender, recipients, data, true);
      say(problems.isEmpty() ? "250 taken" : "554 " + problems.get(0).replaceAll("\\s", " "));
    }
    return true;
  }

  private static void sleep(Fault.Slow slow) throws IOException {
    try {
      Thread.sleep(slow.by().toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("closed while slow", e);
    }
  }

  private boolean reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
    return false;
  }

  /** Up to the line with a point alone; a second point at the beginning of a line is taken away. */
  private byte[] body() throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    while (true) {
      String line = line();
      if (line.equals(".")) {
        return data.toByteArray();
      }
      data.writeBytes((line.startsWith(".") ? line.substring(1) : line).getBytes(ISO_8859_1));
      data.writeBytes("\r\n".getBytes(US_ASCII));
      if (data.size() > MAIL) {
        throw new IOException("a mail of more than " + MAIL + " bytes");
      }
    }
  }

  /** A line without its CR LF, one character a byte. */
  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the client closed");
      }
      if (b == '\n' && !line.isEmpty() && line.charAt(line.length() - 1) == '\r') {
        line.setLength(line.length() - 1);
        return line.toString();
      }
      line.append((char) b);
      if (line.length() > LINE) {
        throw new IOException("a line of more than " + LINE + " bytes");
      }
    }
  }

  private void say(String line) throws IOException {
    out.write((line + "\r\n").getBytes(US_ASCII));
    out.flush();
  }

  private void forget() {
    from = null;
    to.clear();
  }
}
