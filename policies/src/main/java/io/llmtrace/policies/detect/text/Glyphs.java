package io.llmtrace.policies.detect.text;

import com.ibm.icu.lang.UCharacter;
import com.ibm.icu.lang.UProperty;
import com.ibm.icu.lang.UScript;
import com.ibm.icu.text.Normalizer2;
import com.ibm.icu.text.SpoofChecker;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What folding does to each character, from Unicode's data in ICU: compatibility forms (UAX 15,
 * NFKC), look-alikes (UTS 39, confusables), invisible characters (UAX 44,
 * Default_Ignorable_Code_Point), and letters that are boxed, small capitals or Braille, which are
 * written down here. Looked up page by page as they are met and kept; thread-safe.
 */
final class Glyphs {
  /** Stays. */
  static final byte KEEP = 0;

  /** Is not seen: dropped. */
  static final byte INVISIBLE = 1;

  /** Joins or parts letters of some scripts, is invisible between others. */
  static final byte JOINER = 2;

  /** A space that is not U+0020. */
  static final byte SPACE = 3;

  /** A form of a letter or digit: {@link #plain}. */
  static final byte VARIANT = 4;

  /** A mark on the letter before. */
  static final byte MARK = 5;

  /** A letter of another script that looks like a Latin one: {@link #plain}. */
  static final byte LOOKALIKE = 6;

  /** Any other letter that is not Latin. */
  static final byte FOREIGN = 7;

  /** A letter that Latin texts are written with. */
  static final byte LATIN = 8;

  private static final String SMALL_CAPITALS = "ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpǫqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz";

  /** Look-alikes in some fonts or in small letters, which the confusables list does not have. */
  private static final String MORE_LOOKALIKES = "кkтtмmвbнhпnгrКKαaεeκkνvοoρpτtυuχxηnιi";

  /** The letters a to z in Braille. */
  private static final String BRAILLE = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵";

  private static final int PAGE = 256;
  private static final AtomicReferenceArray<byte[]> PAGES =
      new AtomicReferenceArray<>((Character.MAX_CODE_POINT + 1) / PAGE);
  private static final Normalizer2 NFKC = Normalizer2.getNFKCInstance();
  private static final SpoofChecker SPOOF =
      new SpoofChecker.Builder().setChecks(SpoofChecker.CONFUSABLE).build();
  private static final Map<Integer, Integer> WRITTEN = new HashMap<>();
  private static final Map<Integer, Integer> LIKE = new HashMap<>();

  /** Cyrillic letters that look like a Latin one, by that one. */
  private static final char[] CYRILLIC_OF = new char[128];

  static {
    pairs(SMALL_CAPITALS, WRITTEN);
    pairs(MORE_LOOKALIKES, LIKE);
    for (int i = 0; i < 26; i++) {
      WRITTEN.put(0x1F130 + i, 'A' + i);
      WRITTEN.put(0x1F150 + i, 'A' + i);
      WRITTEN.put(0x1F170 + i, 'A' + i);
      WRITTEN.put(0x1F1E6 + i, 'A' + i);
      WRITTEN.put(0x249C + i, 'a' + i);
      WRITTEN.put(0x24B6 + i, 'A' + i);
      WRITTEN.put(0x24D0 + i, 'a' + i);
      WRITTEN.put((int) BRAILLE.charAt(i), 'a' + i);
    }
    String twins = "АAВBЕEКKМMНHОOРPСCТTХXаaеeоoрpсcуyхxіiІIјj";
    for (int i = 0; i < twins.length(); i += 2) {
      CYRILLIC_OF[twins.charAt(i + 1)] = twins.charAt(i);
    }
  }

  private Glyphs() {}

  private static void pairs(String text, Map<Integer, Integer> map) {
    for (int i = 0; i < text.length(); i += 2) {
      map.put((int) text.charAt(i), (int) text.charAt(i + 1));
    }
  }

  static byte kind(int codePoint) {
    byte[] page = PAGES.get(codePoint / PAGE);
    if (page == null) {
      page = new byte[PAGE];
      for (int i = 0; i < PAGE; i++) {
        page[i] = classify(codePoint / PAGE * PAGE + i);
      }
      PAGES.set(codePoint / PAGE, page);
    }
    return page[codePoint % PAGE];
  }

  /** What a {@link #VARIANT} stands for. */
  static String plain(int codePoint) {
    Integer written = WRITTEN.get(codePoint);
    if (written != null) {
      return Character.toString(written);
    }
    String compatible = NFKC.normalize(Character.toString(codePoint));
    int first = compatible.codePointAt(0);
    if (Character.charCount(first) == compatible.length() && kindOfLetter(first) == LOOKALIKE) {
      return Character.toString(latinLike(first));
    }
    return compatible;
  }

  /** The Cyrillic letter that looks like an ASCII one, or 0. */
  static char cyrillicLike(char latin) {
    return latin < 128 ? CYRILLIC_OF[latin] : 0;
  }

  private static byte classify(int codePoint) {
    if (codePoint < 0x80) {
      return Character.isLetter(codePoint) ? LATIN : KEEP;
    }
    if (WRITTEN.containsKey(codePoint)) {
      return VARIANT;
    }
    if ((codePoint >= 0x200C && codePoint <= 0x200F) || codePoint == 0x61C) {
      return JOINER;
    }
    if (UCharacter.hasBinaryProperty(codePoint, UProperty.DEFAULT_IGNORABLE_CODE_POINT)) {
      // The selector that asks for an emoji's coloured form hides nothing.
      return codePoint == 0xFE0F ? JOINER : INVISIBLE;
    }
    int type = Character.getType(codePoint);
    if (type == Character.CONTROL) {
      return codePoint == 0x85 ? SPACE : INVISIBLE;
    }
    if (type == Character.SPACE_SEPARATOR
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR
        || codePoint == 0x2800) {
      return SPACE;
    }
    if (isLatinMark(codePoint)) {
      return MARK;
    }
    if (!Character.isLetterOrDigit(codePoint)) {
      return KEEP;
    }
    return changes(codePoint) ? VARIANT : kindOfLetter(codePoint);
  }

  /** Marks that letters of Latin, Greek and Cyrillic carry, and those for symbols. */
  private static boolean isLatinMark(int codePoint) {
    return (codePoint >= 0x300 && codePoint <= 0x36F)
        || (codePoint >= 0x1AB0 && codePoint <= 0x1AFF)
        || (codePoint >= 0x1DC0 && codePoint <= 0x1DFF)
        || (codePoint >= 0x20D0 && codePoint <= 0x20FF)
        || (codePoint >= 0xFE20 && codePoint <= 0xFE2F);
  }

  /**
   * Whether NFKC writes a letter or digit otherwise; not those that ordinary text is full of
   * (ordinal signs, Korean jamo on their own, forms of Chinese characters), nor what is only
   * composed otherwise.
   */
  private static boolean changes(int codePoint) {
    boolean ordinary =
        codePoint == 0xAA
            || codePoint == 0xBA
            || (codePoint >= 0x3130 && codePoint <= 0x318F)
            || (codePoint >= 0xF900 && codePoint <= 0xFAFF)
            || (codePoint >= 0x2F800 && codePoint <= 0x2FA1F)
            || codePoint == 0xE33
            || codePoint == 0xEB3;
    return !ordinary && UCharacter.getIntPropertyValue(codePoint, UProperty.NFKC_QUICK_CHECK) == 0;
  }

  private static byte kindOfLetter(int codePoint) {
    int script = UScript.getScript(codePoint);
    if (script == UScript.LATIN) {
      // Letters of phonetic script that only look Latin are folded in Latin words all the same.
      return LATIN;
    }
    return latinLike(codePoint) > 0 ? LOOKALIKE : FOREIGN;
  }

  private static int latinLike(int codePoint) {
    Integer like = LIKE.get(codePoint);
    if (like != null) {
      return like;
    }
    int script = UScript.getScript(codePoint);
    boolean alphabet =
        switch (script) {
          case UScript.CYRILLIC,
              UScript.GREEK,
              UScript.ARMENIAN,
              UScript.CHEROKEE,
              UScript.COPTIC,
              UScript.LISU,
              UScript.DESERET,
              UScript.GEORGIAN ->
              true;
          default -> false;
        };
    if (!alphabet) {
      return 0;
    }
    String skeleton = SPOOF.getSkeleton(Character.toString(codePoint));
    char latin = skeleton.length() == 1 ? skeleton.charAt(0) : 0;
    if (latin >= 128 || !Character.isLetter(latin)) {
      return 0;
    }
    // The list has one shape for I, l, 1 and the bar.
    return latin == 'l' && Character.isUpperCase(codePoint) ? 'I' : latin;
  }

  /** The Latin letter that a {@link #LOOKALIKE} looks like. */
  static int latin(int codePoint) {
    return latinLike(codePoint);
  }
}
