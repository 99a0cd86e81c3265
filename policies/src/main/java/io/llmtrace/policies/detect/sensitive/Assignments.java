package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.AssignedValue.Manner;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import java.util.Locale;
import java.util.Set;

/**
 * Values that a name says are secret: {@code DB_PASSWORD=…}, {@code "apiKey": "…"}, {@code
 * <password>…</password>}, {@code --token …}, "the password is …".
 *
 * <p>A name alone is no secret, so the value must look like one: a password unlike a word, a token
 * with entropy. Whoever writes "password: required" is left alone.
 */
final class Assignments {
  /** What stands before "key" or "token" where it is no secret. */
  private static final Set<String> PUBLIC_THINGS =
      Set.of(
          ("public websocket cache primary partition sort foreign idempotency routing row hash"
                  + " shard group lookup object csrf xsrf pub publishable site range map index item"
                  + " translation i18n next page continuation max eos pad unk bos stop special")
              .split(" ", -1));

  private final Scan scan;
  private final String text;

  Assignments(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  void password(int start, int end) {
    if (!named(start, end)) {
      return;
    }
    AssignedValue value = AssignedValue.of(text, start, end, SecretLooks.LONGEST_PASSWORD + 1);
    if (value == null || value.to() - value.from() > SecretLooks.LONGEST_PASSWORD) {
      return;
    }
    String password = text.substring(value.from(), value.to());
    if (Placeholders.secret(password)) {
      scan.example(SensitiveKinds.PASSWORD, value.from(), value.to(), Rank.BY_CONTEXT);
      return;
    }
    double confidence = SecretLooks.password(password, value.manner());
    if (confidence > 0) {
      scan.found(SensitiveKinds.PASSWORD, value.from(), value.to(), confidence, Rank.BY_CONTEXT);
    }
  }

  void token(int start, int end) {
    if (!named(start, end) || ofPublicThing(start)) {
      return;
    }
    AssignedValue value = AssignedValue.of(text, start, end, AssignedValue.LONGEST);
    if (value != null) {
      token(start, value);
    }
  }

  /** {@code Bearer …}. */
  void bearer(int start, int end) {
    if (!Text.opens(text, start)) {
      return;
    }
    int to = AssignedValue.unquotedEnd(text, end, AssignedValue.LONGEST);
    if (to - end >= 16) {
      token(start, new AssignedValue(end, to, Manner.COLON));
    }
  }

  private void token(int nameStart, AssignedValue value) {
    String token = text.substring(value.from(), value.to());
    boolean placeholder = Placeholders.secret(token);
    if (placeholder && token.length() >= 8) {
      scan.example(SensitiveKinds.GENERIC_API_KEY, value.from(), value.to(), Rank.BY_CONTEXT);
    }
    if (placeholder || (value.manner() == Manner.SAID && token.length() < 20)) {
      return;
    }
    if (aws(token, value)) {
      scan.found(SensitiveKinds.AWS_SECRET_KEY, value.from(), value.to(), 0.97, Rank.BY_ISSUER);
      return;
    }
    for (VendorWords.Vendor vendor : scan.vendorsBefore(value.from(), 60)) {
      if (vendor.fits(token) && SecretLooks.token(token)) {
        scan.found(vendor.kind(), value.from(), value.to(), 0.93, Rank.BY_FORM);
        return;
      }
    }
    if (SecretLooks.token(token)) {
      boolean sure = value.manner() != Manner.SAID && token.length() >= 24;
      scan.found(
          SensitiveKinds.GENERIC_API_KEY,
          value.from(),
          value.to(),
          sure ? 0.9 : 0.75,
          Rank.BY_CONTEXT);
    } else if (value.manner() != Manner.SAID
        && token.length() >= 8
        && secretName(nameStart)
        && SecretLooks.password(token, value.manner()) >= 0.8) {
      scan.found(SensitiveKinds.GENERIC_API_KEY, value.from(), value.to(), 0.6, Rank.BY_CONTEXT);
    }
  }

  /** Whether the word before, in the same name, says that this is none: {@code csrf-token}. */
  private boolean ofPublicThing(int start) {
    int to = start;
    while (to > 0 && "_- ".indexOf(text.charAt(to - 1)) >= 0 && start - to < 2) {
      to--;
    }
    int from = to;
    while (from > 0 && to - from < 16 && Text.letter(text.charAt(from - 1))) {
      from--;
    }
    return PUBLIC_THINGS.contains(text.substring(from, to).toLowerCase(Locale.ROOT));
  }

  private boolean secretName(int start) {
    return text.regionMatches(true, start, "secret", 0, 6);
  }

  /** 40 characters of base64 that are no hex, and AWS shortly before or the name itself. */
  private boolean aws(String token, AssignedValue value) {
    if (token.length() != 40
        || !token.chars().allMatch(c -> Text.alnum((char) c) || c == '/' || c == '+')
        || token.chars().allMatch(c -> Text.hex((char) c))) {
      return false;
    }
    return scan.isNear(Cue.AWS, value.from(), value.to(), 160, 80) && Text.entropy(token) > 4;
  }

  /** Whether the word is a name of its own: no part of "compass", "tokens" or "secretary". */
  private boolean named(int start, int end) {
    char before = Text.at(text, start - 1);
    char first = text.charAt(start);
    char after = Text.at(text, end);
    boolean opens =
        !Text.anyLetter(before)
            || end - start > 6
            || first == '_'
            || first == '-'
            || (Text.upper(first) && !Text.upper(before));
    boolean closes =
        !Text.anyLetter(after)
            || (Text.upper(after) && !Text.upper(text.charAt(end - 1)))
            || !Text.anyLetter(text.charAt(end - 1));
    return opens && closes;
  }
}
