package io.llmtrace.policies.detect.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * HTML's named character references: those of ISO 8859-1 and the signs and Greek letters of HTML 4
 * that a keyboard has or that look like a letter, and HTML 5's names of ASCII's signs.
 */
final class Entities {
  /** U+00A0 to U+00FF, in order. */
  private static final String LATIN_1 =
      "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn"
          + " sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest"
          + " Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave"
          + " Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute"
          + " Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave"
          + " eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml"
          + " divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

  /** Each name with its character after it. */
  private static final String OTHERS =
      "quot \" amp & lt < gt > apos ' excl ! num # dollar $ percnt % lpar ( rpar ) ast * plus +"
          + " comma , period . sol / colon : semi ; equals = quest ? commat @ lsqb [ lbrack ["
          + " bsol \\ rsqb ] rbrack ] Hat ^ lowbar _ grave ` lcub { lbrace { verbar | vert |"
          + " rcub } rbrace } ndash – mdash — lsquo ‘ rsquo ’ ldquo “ rdquo ” bull • hellip …"
          + " euro € trade ™ alpha α beta β gamma γ delta δ epsilon ε omega ω pi π mu μ";

  private static final Map<String, Integer> NAMES = new HashMap<>();

  static {
    String[] latin = LATIN_1.split(" ", -1);
    for (int i = 0; i < latin.length; i++) {
      NAMES.put(latin[i], 0xA0 + i);
    }
    String[] others = OTHERS.split(" ", -1);
    for (int i = 0; i < others.length; i += 2) {
      NAMES.put(others[i], (int) others[i + 1].charAt(0));
    }
    NAMES.put("Tab", 9);
    NAMES.put("NewLine", 10);
    NAMES.put("zwnj", 0x200C);
    NAMES.put("zwj", 0x200D);
    NAMES.put("ensp", 0x2002);
    NAMES.put("emsp", 0x2003);
    NAMES.put("thinsp", 0x2009);
  }

  private Entities() {}

  static @Nullable Integer codePoint(String name) {
    return NAMES.get(name);
  }
}
