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
  private int turned;

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
      case Glyphs.INVISIBLE -> drop(i, end);
      case Glyphs.JOINER -> {
        boolean left = isPlainLetter(before(i));
        boolean right = isPlainLetter(after(end));
        // The selector of an emoji's coloured form may well stand beside a letter.
        if (codePoint == 0xFE0F ? left && right : left || right) {
          drop(i, end);
        }
      }
      case Glyphs.SPACE -> {
        if (isAsciiLetter(before(i)) && isAsciiLetter(after(end))) {
          change(i, end, " ");
        }
      }
      case Glyphs.VARIANT -> {
        if (!isFlag(codePoint, i)) {
          change(i, end, Glyphs.plain(codePoint));
        }
      }
      case Glyphs.TURNED -> {
        count();
        // A few of them are phonetic script.
        if (turned >= 4 && turned * 4 >= latin) {
          change(i, end, Glyphs.plain(codePoint));
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
    edits.open(from);
    edits.close(to, NAME);
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

  /** Whether a regional letter is half of a country's flag. */
  private boolean isFlag(int codePoint, int at) {
    if (codePoint < 0x1F1E6 || codePoint > 0x1F1FF) {
      return false;
    }
    int first = at;
    while (first >= 2 && isRegional(Character.codePointBefore(chars, first)) && at - first < 16) {
      first -= 2;
    }
    int place = (at - first) / 2;
    int pair = first + place / 2 * 4;
    if (pair + 4 > chars.length || !isRegional(Character.codePointAt(chars, pair + 2))) {
      return false;
    }
    char one = (char) ('A' + Character.codePointAt(chars, pair) - 0x1F1E6);
    char two = (char) ('A' + Character.codePointAt(chars, pair + 2) - 0x1F1E6);
    return COUNTRIES.contains("" + one + two);
  }

  private static boolean isRegional(int codePoint) {
    return codePoint >= 0x1F1E6 && codePoint <= 0x1F1FF;
  }

  /** Reads all marks from {@code from} on, which stand on one letter. */
  private int marks(int from) {
    int i = from;
    int count = 0;
    boolean over = false;
    while (i < chars.length && Glyphs.kind(chars[i]) == Glyphs.MARK) {
      // Lines through or under a letter are no part of any language's spelling.
      over |= (chars[i] >= 0x332 && chars[i] <= 0x338) || chars[i] == 0x305 || chars[i] >= 0x20D0;
      count++;
      i++;
    }
    work.spent(count);
    boolean onLetter = from > 0 && Letters.symbol(chars[from - 1]) != 0;
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
    while (from > judgedTo && from > 0 && isOfWord(chars[from - 1])) {
      from--;
    }
    int to = at + 1;
    int foreigners = 0;
    int lookalikes = 0;
    int latins = 0;
    int twinless = 0;
    while (to < chars.length && isOfWord(chars[to])) {
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
        case Glyphs.TURNED -> turned++;
        default -> {
          // No witness.
        }
      }
    }
  }
}
