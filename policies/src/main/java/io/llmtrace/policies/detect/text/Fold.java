package io.llmtrace.policies.detect.text;

import java.text.Normalizer;
import java.util.Set;

/**
 * Writes letters the plain way: compatibility forms and letters in boxes or small capitals as
 * letters, look-alikes of another script as what they look like, spaces as spaces; takes away what
 * is not seen and what is heaped on letters.
 *
 * <p>Genuine text in any script stays. A look-alike is folded in a word that mixes scripts or that
 * looks Latin as a whole in a text where hardly a letter is unmistakably of the other script; in a
 * Cyrillic word among Cyrillic ones, Latin look-alikes become Cyrillic. Signs keep their form, and
 * what parts or joins letters of scripts that need it stays: a text in which only these would
 * change has no folded form.
 */
final class Fold {
  static final String NAME = "fold";

  /** Marks on one letter from which on it is no language any more. */
  private static final int HEAP = 3;

  /** Characters of one word, or marks on one letter, that are looked at between two questions. */
  private static final int MOST_AT_ONCE = 4096;

  private static final int REGIONAL_A = 0x1F1E6;

  /** Characters of regional letters that are judged together: 32 flags. */
  private static final int MOST_REGIONAL = 128;

  private static final int LONGEST_VARIANT = 4;

  private static final Set<String> COUNTRIES = Set.of(java.util.Locale.getISOCountries());

  private final char[] chars;
  private final Edits edits = new Edits();
  private final Work work;

  /** End of the word that was judged last, and what to do with its look-alikes. */
  private int judgedTo;

  private Script judgement = Script.AS_IT_IS;

  private boolean counted;
  private int foreign;
  private int latin;
  private int cyrillic;

  private enum Script {
    AS_IT_IS,
    LATIN,
    CYRILLIC
  }

  private Fold(Form form, Work work) {
    this.chars = form.chars;
    this.work = work;
  }

  static boolean mayApply(Shape shape) {
    if (shape.beyond > 0) {
      return true;
    }
    for (char c = 0; c < 32; c++) {
      if (c != '\n' && c != '\r' && c != '\t' && shape.count(c) > 0) {
        return true;
      }
    }
    return shape.count((char) 127) > 0;
  }

  /** What folding changes in a form; empty if nothing. */
  static Edits edits(Form form, Work work) {
    Fold fold = new Fold(form, work);
    fold.run();
    return fold.edits;
  }

  private void run() {
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      char c = chars[i];
      if (c >= 0x20 && c < 0x7F && i >= judgedTo) {
        i++;
        continue;
      }
      int codePoint = Character.codePointAt(chars, i);
      int end = i + Character.charCount(codePoint);
      if (codePoint < 0x80) {
        ascii(i);
      } else {
        end = beyond(i, end, codePoint);
      }
      i = end;
    }
  }

  private void ascii(int i) {
    char c = chars[i];
    if (c < 0x20 || c == 0x7F) {
      if (c != '\n' && c != '\r' && c != '\t') {
        drop(i, i + 1);
      }
    } else if (i < judgedTo && judgement == Script.CYRILLIC && Glyphs.cyrillicLike(c) != 0) {
      change(i, i + 1, String.valueOf(Glyphs.cyrillicLike(c)));
    }
  }

  private int beyond(int i, int end, int codePoint) {
    switch (Glyphs.kind(codePoint)) {
      case Glyphs.INVISIBLE -> {
        if (!isOfFlag(codePoint, i)) {
          drop(i, end);
        }
      }
      case Glyphs.JOINER -> {
        boolean left = isPlainLetter(before(i));
        boolean right = isPlainLetter(after(end));
        // The selector of an emoji's coloured form may well stand beside a letter.
        if (codePoint == 0xFE0F ? left && right : left || right) {
          drop(i, end);
        }
      }
      case Glyphs.SPACE -> {
        if (codePoint == 0x2800 || (isAsciiLetter(before(i)) && isAsciiLetter(after(end)))) {
          change(i, end, " ");
        }
      }
      case Glyphs.VARIANT -> {
        if (isRegional(codePoint)) {
          return regional(i);
        }
        String plain = Glyphs.plain(codePoint);
        // A single sign for a whole phrase hides nothing and would make a text grow.
        if (plain.length() <= LONGEST_VARIANT) {
          change(i, end, plain);
        }
      }
      case Glyphs.MARK -> {
        return marks(i);
      }
      case Glyphs.LOOKALIKE -> {
        judge(i);
        if (judgement == Script.LATIN) {
          change(i, end, Character.toString(Glyphs.latin(codePoint)));
        }
      }
      case Glyphs.FOREIGN -> {
        if (codePoint >= 0x400 && codePoint < 0x530) {
          judge(i);
        }
      }
      default -> {
        // Stays as it is.
      }
    }
    return end;
  }

  private void drop(int from, int to) {
    if (!edits.extendsGap(from, to)) {
      edits.open(from);
      edits.close(to, NAME);
    }
  }

  private void change(int from, int to, String text) {
    edits.replace(from, to, text, NAME);
  }

  private int before(int i) {
    return i > 0 ? Character.codePointBefore(chars, i) : ' ';
  }

  private int after(int i) {
    return i < chars.length ? Character.codePointAt(chars, i) : ' ';
  }

  private static boolean isAsciiLetter(int codePoint) {
    return codePoint < 128 && Character.isLetter(codePoint);
  }

  /** A letter or digit of a script in which a joiner has no use. */
  private static boolean isPlainLetter(int codePoint) {
    return codePoint < 0x590 && Character.isLetterOrDigit(codePoint);
  }

  /** Reads all regional letters from {@code from} on: flags of countries, or letters of a text. */
  private int regional(int from) {
    int to = from;
    boolean flags = true;
    while (to + 1 < chars.length
        && to - from < MOST_REGIONAL
        && isRegional(Character.codePointAt(chars, to))) {
      if ((to - from) % 4 == 2) {
        char one = (char) ('A' + Character.codePointAt(chars, to - 2) - REGIONAL_A);
        char two = (char) ('A' + Character.codePointAt(chars, to) - REGIONAL_A);
        flags &= COUNTRIES.contains("" + one + two);
      }
      to += 2;
    }
    work.spent(to - from);
    if (!flags || (to - from) % 4 != 0) {
      for (int i = from; i < to; i += 2) {
        change(i, i + 2, Glyphs.plain(Character.codePointAt(chars, i)));
      }
    }
    return to;
  }

  /** Whether it is one of the tags that make a black flag that of a country's part. */
  private boolean isOfFlag(int codePoint, int at) {
    int i = at;
    while (Hidden.isTag(codePoint) && i >= 2 && at - i < 2 * Hidden.LONGEST_FLAG) {
      int before = Character.codePointBefore(chars, i);
      if (!Hidden.isTag(before)) {
        return before == Hidden.BLACK_FLAG;
      }
      i -= 2;
    }
    return false;
  }

  private static boolean isRegional(int codePoint) {
    return codePoint >= REGIONAL_A && codePoint < REGIONAL_A + 26;
  }

  /** Reads all marks from {@code from} on, which stand on one letter. */
  private int marks(int from) {
    int i = from;
    int count = 0;
    boolean over = false;
    while (i < chars.length && i - from < MOST_AT_ONCE && Glyphs.kind(chars[i]) == Glyphs.MARK) {
      // Lines through or under a letter are no part of any language's spelling.
      over |= (chars[i] >= 0x332 && chars[i] <= 0x338) || chars[i] == 0x305 || chars[i] >= 0x20D0;
      count++;
      i++;
    }
    work.spent(count);
    boolean onLetter = from > 0 && Letters.symbol(chars[from - 1]) != 0;
    // Dictionaries of Russian mark the stress with one of these.
    boolean stress = count == 1 && (chars[from] == 0x301 || chars[from] == 0x300);
    onLetter &= !stress;
    if (count >= HEAP || over || (onLetter && !composes(from, i))) {
      drop(from, i);
    }
    return i;
  }

  private boolean composes(int from, int to) {
    String composed =
        Normalizer.normalize(new String(chars, from - 1, to - from + 1), Normalizer.Form.NFC);
    return composed.length() == 1;
  }

  /** Judges the word around {@code at}, once. */
  private void judge(int at) {
    if (at < judgedTo) {
      return;
    }
    int from = at;
    while (from > judgedTo && from > 0 && at - from < MOST_AT_ONCE && isOfWord(chars[from - 1])) {
      from--;
    }
    int to = at + 1;
    int foreigners = 0;
    int lookalikes = 0;
    int latins = 0;
    int twinless = 0;
    while (to < chars.length && to - at < MOST_AT_ONCE && isOfWord(chars[to])) {
      to++;
    }
    for (int i = from; i < to; i++) {
      switch (Glyphs.kind(chars[i])) {
        case Glyphs.LOOKALIKE -> lookalikes++;
        case Glyphs.FOREIGN -> foreigners++;
        case Glyphs.LATIN -> {
          latins++;
          twinless += Glyphs.cyrillicLike(chars[i]) == 0 ? 1 : 0;
        }
        default -> {
          // Digits, marks and what is not seen belong to no script.
        }
      }
    }
    work.spent(to - from);
    judgement = judgement(lookalikes, foreigners, latins, twinless);
    judgedTo = to;
    if (judgement == Script.CYRILLIC) {
      for (int i = from; i < at; i++) {
        ascii(i);
      }
    }
  }

  private Script judgement(int lookalikes, int foreigners, int latins, int twinless) {
    if (latins > 0) {
      count();
      if (twinless == 0 && cyrillic > latin && latins < lookalikes + foreigners) {
        return Script.CYRILLIC;
      }
      return foreigners == 0 && lookalikes > 0 ? Script.LATIN : Script.AS_IT_IS;
    }
    if (foreigners > 0 || lookalikes == 0) {
      return Script.AS_IT_IS;
    }
    count();
    // A letter on its own is a formula's, unless a Latin text is full of them.
    boolean latinText = foreign * 20 <= latin && (lookalikes > 1 || latin > 40);
    return latinText || (foreign == 0 && lookalikes > 3) ? Script.LATIN : Script.AS_IT_IS;
  }

  private static boolean isOfWord(char c) {
    byte kind = Glyphs.kind(c);
    return kind == Glyphs.LOOKALIKE
        || kind == Glyphs.FOREIGN
        || kind == Glyphs.LATIN
        || kind == Glyphs.INVISIBLE
        || kind == Glyphs.JOINER
        || kind == Glyphs.MARK
        || (c >= '0' && c <= '9');
  }

  /** Counts the letters of the whole text that leave no doubt, once. */
  private void count() {
    if (counted) {
      return;
    }
    counted = true;
    for (int i = 0; i < chars.length && !work.spent(1); i++) {
      switch (Glyphs.kind(chars[i])) {
        case Glyphs.FOREIGN -> {
          foreign++;
          cyrillic += chars[i] >= 0x400 && chars[i] < 0x530 ? 1 : 0;
        }
        case Glyphs.LATIN -> latin++;
        default -> {
          // No witness.
        }
      }
    }
  }
}
