package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Secrets that carry their own sign: prefixes, framed keys, tokens that decode. */
final class Secrets {
  private static final int LONGEST_KEY = 16 * 1024;
  private static final int LONGEST_JWT = 8 * 1024;
  private static final String BASE62 =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private record Form(SensitiveKind kind, Shape shape) {}

  private static final List<String> ANCHORS = new ArrayList<>();
  private static final List<List<Form>> FORMS = new ArrayList<>();

  static {
    Map<String, List<Form>> forms = new LinkedHashMap<>();
    for (SecretFormats.Format format : SecretFormats.all()) {
      for (Shape shape : format.shapes()) {
        forms
            .computeIfAbsent(shape.anchor().toLowerCase(Locale.ROOT), key -> new ArrayList<>())
            .add(new Form(format.kind(), shape));
      }
    }
    ANCHORS.addAll(forms.keySet());
    FORMS.addAll(forms.values());
  }

  private final Scan scan;
  private final String text;
  private int hyphens = -1;
  private int searchedTo;

  Secrets(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  /** The literals of all forms, lower case, in a fixed order. */
  static List<String> anchors() {
    return List.copyOf(ANCHORS);
  }

  /** Tries the forms of an anchor that stands at {@code at}; the longest wins. */
  void anchor(int index, int at) {
    Shape.@Nullable Match best = null;
    @Nullable Form form = null;
    for (Form candidate : FORMS.get(index)) {
      Shape.Match match = candidate.shape().match(text, at);
      if (match != null && (best == null || match.end() > best.end())) {
        best = match;
        form = candidate;
      }
    }
    if (best != null && form != null) {
      judge(form, best);
    }
  }

  private void judge(Form form, Shape.Match match) {
    String id = form.kind().id();
    String variable = text.substring(match.variable(), match.end());
    boolean named = id.startsWith("azure_") && form.shape().anchor().endsWith("=");
    int from = named ? match.variable() : match.start();
    if (id.equals("azure_sas_signature") && !beside(from, "sv=", "se=", "sr=")) {
      return;
    }
    if (variable.length() >= 16 && Text.entropy(variable) < 2.2) {
      scan.example(form.kind(), from, match.end(), Rank.BY_ISSUER);
      return;
    }
    if (Placeholders.secret(variable)) {
      scan.example(form.kind(), from, match.end(), Rank.BY_ISSUER);
      return;
    }
    // Words are no keys: a form whose characters are all lower case letters is prose or a name.
    if (variable.length() < 48
        && variable.chars().noneMatch(c -> c <= '9' || Text.upper((char) c))) {
      return;
    }
    Rank rank = id.endsWith("webhook") ? Rank.BLOCK : Rank.BY_ISSUER;
    boolean trial =
        text.startsWith("test_", match.start() + 3) || text.startsWith("access-sandbox", from);
    if (!checksum(id, text.substring(match.start(), match.end()))) {
      scan.found(
          new Candidate(
              form.kind(),
              from,
              match.end(),
              0.75,
              rank,
              "checksum differs",
              form.kind().severity()));
    } else if (trial) {
      scan.found(
          new Candidate(form.kind(), from, match.end(), 0.9, rank, "test mode", Severity.MEDIUM));
    } else {
      scan.found(form.kind(), from, match.end(), confidence(form, variable), rank);
    }
  }

  private double confidence(Form form, String variable) {
    // A short form of few letters happens by chance; one with a long random part does not.
    boolean base32 =
        !form.kind().id().equals("aws_access_key")
            || variable.chars().allMatch(c -> (c >= '2' && c <= '7') || Text.upper((char) c));
    return !base32 ? 0.8 : form.shape().anchor().length() < 3 ? 0.85 : 0.97;
  }

  private boolean beside(int at, String... words) {
    String around = text.substring(Math.max(0, at - 300), Math.min(text.length(), at + 300));
    for (String word : words) {
      if (around.contains(word)) {
        return true;
      }
    }
    return false;
  }

  /** True where a kind has no checksum, or where it holds. */
  private static boolean checksum(String id, String token) {
    return switch (id) {
      case "github_token" ->
          token.startsWith("github_pat_") || token.length() != 40 || base62(token, 4);
      case "npm_token" -> base62(token, 4);
      case "grafana_token" -> !token.startsWith("glsa_") || grafana(token);
      default -> true;
    };
  }

  /** GitHub's: the last six characters are the CRC-32 of those between, in base 62. */
  private static boolean base62(String token, int prefix) {
    long crc = crc(token.substring(prefix, token.length() - 6));
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      digits.insert(0, BASE62.charAt((int) (crc % 62)));
      crc /= 62;
    }
    return token.endsWith(digits.toString());
  }

  /** Grafana's: the CRC-32 of what stands before the last underscore, in hex. */
  private static boolean grafana(String token) {
    int underscore = token.lastIndexOf('_');
    return Long.parseLong(token.substring(underscore + 1), 16)
        == crc(token.substring(0, underscore));
  }

  private static long crc(String ascii) {
    CRC32 crc = new CRC32();
    crc.update(ascii.getBytes(StandardCharsets.US_ASCII));
    return crc.getValue();
  }

  /** RFC 7468 and OpenSSH: {@code -----BEGIN … PRIVATE KEY-----} to its end, if there is a body. */
  void pem(int at) {
    int label = at + "-----BEGIN ".length();
    int close = label;
    while (close < text.length() && close - label < 48 && text.charAt(close) != '-') {
      close++;
    }
    String name = text.substring(label, close).toUpperCase(Locale.ROOT);
    boolean pgp = name.equals("PGP PRIVATE KEY BLOCK");
    if (!(pgp || name.endsWith("PRIVATE KEY")) || !text.startsWith("-----", close)) {
      return;
    }
    int body = close + 5;
    int next = nextHyphens(body);
    int end = frameEnd(next);
    int limit = next >= 0 ? next : Math.min(text.length(), body + LONGEST_KEY);
    int characters = 0;
    int last = body;
    int strange = 0;
    for (int i = body; i < limit && strange < 4; i++) {
      char c = text.charAt(i);
      boolean base64 = Text.alnum(c) || c == '+' || c == '/' || c == '=';
      characters += base64 ? 1 : 0;
      if (end < 0 && !base64 && c != '\n' && c != '\r' && c != '\\') {
        strange += c == ' ' ? 1 : 4;
      } else if (base64) {
        last = i + 1;
      }
    }
    if (characters < 40) {
      scan.example(kind(pgp), at, end < 0 ? body : end, Rank.BLOCK);
    } else {
      scan.found(kind(pgp), at, end < 0 ? last : end, end < 0 ? 0.85 : 0.99, Rank.BLOCK);
    }
  }

  private static SensitiveKind kind(boolean pgp) {
    return pgp ? SensitiveKinds.PGP_PRIVATE_KEY : SensitiveKinds.PRIVATE_KEY;
  }

  /**
   * Where the next line of hyphens begins; -1 if none is within reach. Frames come in ascending
   * order, so that no character is searched twice however many begin and never end.
   */
  private int nextHyphens(int from) {
    if (hyphens >= from) {
      return hyphens;
    }
    int limit = Math.min(text.length(), from + LONGEST_KEY) - 5;
    int at = Math.max(from, searchedTo);
    while (at <= limit && !text.startsWith("-----", at)) {
      at++;
    }
    searchedTo = at;
    hyphens = at <= limit ? at : -1;
    return hyphens;
  }

  /** The end of the frame whose last line begins at {@code at}; -1 if that is no last line. */
  private int frameEnd(int at) {
    if (at < 0 || !text.startsWith("-----END ", at)) {
      return -1;
    }
    int close = at + 9;
    while (close < text.length() && close - at < 64 && text.charAt(close) != '-') {
      close++;
    }
    return text.startsWith("-----", close) ? close + 5 : -1;
  }

  /** PuTTY's own format: the private lines make it secret. */
  void putty(int at) {
    int mark = text.substring(at, Math.min(text.length(), at + 4096)).indexOf("Private-Lines:");
    if (mark < 0) {
      return;
    }
    int end = at + mark;
    int characters = 0;
    while (end < text.length() && end - at < LONGEST_KEY && !text.startsWith("\n\n", end)) {
      characters += Text.alnum(text.charAt(end)) ? 1 : 0;
      end++;
    }
    if (characters > 60) {
      scan.found(SensitiveKinds.PUTTY_PRIVATE_KEY, at, end, 0.97, Rank.BLOCK);
    }
  }

  /** RFC 7519 and 7516: three or five parts, and a header that is JSON and names its algorithm. */
  void jwt(int at) {
    if (!text.startsWith("eyJ", at) || !Text.opens(text, at)) {
      return;
    }
    int end = at;
    int parts = 1;
    int part = at;
    int firstEnd = -1;
    int secondStart = -1;
    while (end < text.length() && end - at < LONGEST_JWT) {
      char c = text.charAt(end);
      if (c == '.') {
        if (parts == 5 || !(url64(Text.at(text, end + 1)) || parts >= 2)) {
          break;
        }
        firstEnd = parts == 1 ? end : firstEnd;
        secondStart = parts == 1 ? end + 1 : secondStart;
        if (parts == 3 && !url64(Text.at(text, end + 1))) {
          break;
        }
        parts++;
        part = end + 1;
      } else if (!url64(c)) {
        break;
      }
      end++;
    }
    if (parts == 4) {
      return;
    }
    if (parts < 3 || firstEnd < 0 || (end - part < 20 && end != part)) {
      return;
    }
    String header = decoded(text.substring(at, firstEnd));
    if (!header.startsWith("{") || !header.contains("\"alg\"") || !header.endsWith("}")) {
      return;
    }
    String payload = parts == 3 ? decoded(text.substring(secondStart, part - 1)) : "{";
    if (!payload.startsWith("{")) {
      return;
    }
    if (payload.contains("John Doe") && payload.contains("1234567890")) {
      scan.example(SensitiveKinds.JWT, at, end, Rank.BY_ISSUER);
    } else {
      scan.found(SensitiveKinds.JWT, at, end, 0.98, Rank.BY_ISSUER);
    }
  }

  private static boolean url64(char c) {
    return Text.word(c) || c == '-';
  }

  private static String decoded(String part) {
    int whole = part.length() % 4 == 1 ? part.length() - 1 : part.length();
    byte[] bytes = Base64.getUrlDecoder().decode(part.substring(0, whole));
    return new String(bytes, StandardCharsets.UTF_8).strip();
  }

  /** {@code Basic dXNlcjpwYXNz} behind the name of a header. */
  void basic(int start, int at) {
    int end = at;
    while (end < text.length()
        && end - at < 512
        && (Text.alnum(text.charAt(end)) || "+/=".indexOf(text.charAt(end)) >= 0)) {
      end++;
    }
    String encoded = text.substring(at, end);
    String before = text.substring(Math.max(0, start - 24), start).toLowerCase(Locale.ROOT);
    if (encoded.length() < 8 || !before.contains("authorization")) {
      return;
    }
    String clear = clear(encoded);
    int colon = clear.indexOf(':');
    if (colon < 0 || clear.chars().anyMatch(c -> c < ' ' || c == 0xFFFD)) {
      return;
    }
    if (Placeholders.secret(clear.substring(colon + 1))) {
      scan.example(SensitiveKinds.BASIC_AUTH, at, end, Rank.BY_ISSUER);
    } else {
      scan.found(SensitiveKinds.BASIC_AUTH, at, end, 0.95, Rank.BY_ISSUER);
    }
  }

  private static String clear(String encoded) {
    String bare = encoded.replace("=", "");
    int whole = bare.length() % 4 == 1 ? bare.length() - 1 : bare.length();
    return new String(Base64.getDecoder().decode(bare.substring(0, whole)), StandardCharsets.UTF_8);
  }

  /** The seed of {@code otpauth://totp/…?secret=…}. */
  void otp(int at) {
    int limit = Math.min(text.length(), at + 300);
    int name = text.substring(at, limit).indexOf("secret=");
    if (name < 0) {
      return;
    }
    int from = at + name + 7;
    int end = from;
    while (end < limit
        && (Text.upper(text.charAt(end)) || (text.charAt(end) >= '2' && text.charAt(end) <= '7'))) {
      end++;
    }
    if (end - from >= 16 && !Placeholders.secret(text.substring(from, end))) {
      scan.found(SensitiveKinds.get("otp_secret"), from, end, 0.97, Rank.BY_ISSUER);
    }
  }
}
