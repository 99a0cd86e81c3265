package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import io.llmtrace.policies.detect.sensitive.Lexicon.Entry;
import io.llmtrace.policies.detect.sensitive.Lexicon.Use;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Names of people and postal addresses. Off unless asked for: there is nothing to check, only words
 * in front ("my name is", "Dear Mrs"), common given names, and words for streets.
 */
final class PersonNames {
  private static final int GIVEN = 0;
  private static final int SAYS = 1;
  private static final int LABEL = 2;
  private static final int STREET = 3;
  private static final int STREET_FIRST = 4;

  /** Behind these one capital word is a name. */
  private static final String SAYING =
      "my name is|name is|dear mr|dear mrs|dear ms|dear dr|dear miss|mr|mrs|ms|dr|prof|sehr geehrter herr"
          + "|sehr geehrte frau|herr|frau|monsieur|madame|señor|señora|signor|signora|mein name ist"
          + "|ich heiße|je m'appelle|me llamo|mi nombre es|mi chiamo|meu nome é|mijn naam is"
          + "|nazywam się|jag heter|меня зовут";

  /** Behind these it takes two. */
  private static final String LABELS =
      "name|full name|full_name|fullname|i am|i'm|this is|owner|holder|cardholder|card holder"
          + "|employee|patient|customer|client|tenant|applicant|appointment for|attn|author"
          + "|signed by|belongs to|mitarbeiter|kunde|kundin|patientin|titulaire|titular|cliente"
          + "|paciente|passenger|guest|contact person|beneficiary|nombre|nom|nome|imię|naam";

  private static final String STREETS =
      "street|avenue|road|lane|drive|boulevard|blvd|court|place|square|terrace|crescent|st|ave|rd|ln";
  private static final String STREETS_FIRST = "rue|calle|via|avenida|rua|piazza|plaza|ulica|ul";

  private static final String NAMES =
      "aaron|abdul|abigail|ada|adam|adrian|agnes|agnieszka|ahmed|aisha|akira|alan|albert|alejandro"
          + "|alessandro|alex|alexander|alexandra|alexei|ali|alice|alicia|amanda|amelia|amina|amir|amit"
          + "|amy|ana|anders|andrea|andreas|andrei|andrew|andrzej|angela|anika|anita|anja|ann|anna|anne"
          + "|annika|anthony|antoine|antonio|anton|arjun|arthur|astrid|ayesha|barbara|beatriz|ben"
          + "|benjamin|bernd|björn|boris|brandon|brian|bruno|camille|carla|carlos|carmen|carol|caroline"
          + "|catherine|cecilia|charles|charlotte|chen|chiara|chidi|chloe|chloé|christian|christina"
          + "|christine|christopher|claire|clara|claudia|claus|cristina|dagmar|daniel|daniela|david"
          + "|deborah|deepak|denis|diana|diego|dieter|dimitri|dmitri|dmitry|dominik|donald|dorothy"
          + "|edward|ekaterina|elena|elif|elisabeth|elizabeth|ella|emeka|emil|emily|emma|enrique|erik"
          + "|erika|ernst|esther|ethan|eva|evelyn|fabian|fatima|federico|felix|fernando|fiona|florian"
          + "|francesca|francesco|francisco|frank|frederik|friedrich|fritz|gabriel|gabriela|george"
          + "|georg|giovanni|giulia|giuseppe|grace|grzegorz|guillaume|gustav|hana|hannah|hans|harald"
          + "|harry|hassan|heather|heike|heinrich|helen|helena|henrik|henry|hiroshi|hugo|ibrahim|igor"
          + "|ines|ingrid|irene|irina|isabel|isabella|ivan|jack|jacob|jakob|james|jan|jane|janet|jasmine"
          + "|javier|jean|jennifer|jens|jessica|jesus|jing|joachim|joan|joana|joão|joe|johan|johann"
          + "|johannes|john|jonas|jonathan|jorge|jose|josé|joseph|joshua|juan|julia|julian|julie|jürgen"
          + "|kamal|karen|karin|karl|katarina|katarzyna|kate|katherine|kathrin|keiko|keith|kenji|kevin"
          + "|kim|klaus|kofi|kristina|krzysztof|kumar|kwame|lars|laura|lauren|layla|lea|lena|leo|leon"
          + "|leonardo|li|liam|lina|linda|lisa|lorenzo|louis|louise|luca|lucas|lucia|lucía|lucy|luis"
          + "|luisa|lukas|maja|manuel|manuela|marc|marco|marcus|margaret|maria|maría|mariana|marie"
          + "|marina|mario|mark|markus|marta|martha|martin|martina|mary|mateusz|mathieu|matteo|matthew"
          + "|matthias|max|maximilian|mehmet|mei|melissa|mia|michael|michaela|michal|michelle|miguel"
          + "|mikhail|mohamed|mohammed|monika|monica|mustafa|nadia|naomi|natalia|natalie|nathan|nicolas"
          + "|nicole|niklas|nikolai|nils|nina|noah|noor|nora|oleg|olga|oliver|olivia|omar|oscar|otto"
          + "|pablo|pamela|paolo|patricia|patrick|paul|paula|pavel|pedro|peter|petra|philip|philipp"
          + "|pierre|piotr|priya|rachel|rafael|rahul|raj|raquel|rashid|rebecca|renate|ricardo|richard"
          + "|robert|roberto|rosa|roger|roland|rolf|ronald|ruth|ryan|sabine|sakura|salma|samuel|sandra"
          + "|sara|sarah|sebastian|sergei|sergio|sharon|silvia|simon|sofia|sofía|sophia|sophie|stefan"
          + "|stefanie|stella|stephanie|stephen|steven|susan|susanne|svetlana|sven|takashi|tariq|tatiana"
          + "|teresa|thomas|tim|timothy|tobias|tom|tomasz|ulrich|ursula|uwe|valentina|vanessa|vera"
          + "|veronika|victor|viktor|vincent|vladimir|walter|wei|werner|wilhelm|william|wolfgang|xavier"
          + "|yan|yasmin|yosef|yuki|yusuf|yves|zainab|zoe|zoë|zofia";

  private static final Set<String> PARTICLES =
      Set.of("de del della da di dos du la le van von der den ter al el bin ibn y".split(" ", -1));

  private static final Set<String> NO_NAMES =
      Set.of(
          ("the a an this that not your our my please new api monday tuesday wednesday"
                  + " thursday friday saturday sunday january february march april june july august"
                  + " september october november december email phone name street inc ltd gmbh llc corp"
                  + " university bank north south east west united open chat in on at for from to and or"
                  + " if is it as error")
              .split(" ", -1));

  private final Scan scan;
  private final String text;

  PersonNames(Scan scan) {
    this.scan = scan;
    this.text = scan.text;
  }

  /** Adds the words that names are told by to a lexicon that is being made. */
  static void addTo(List<String> words, List<Entry> uses) {
    add(NAMES, GIVEN, words, uses);
    add(SAYING, SAYS, words, uses);
    add(LABELS, LABEL, words, uses);
    add(STREETS, STREET, words, uses);
    add(STREETS_FIRST, STREET_FIRST, words, uses);
    for (String ending : List.of("straße", "strasse", "str.", "weg", "platz", "allee", "gasse")) {
      words.add(ending);
      uses.add(
          new Entry(Use.NAME, STREET, null, null, ending.length(), false, !ending.endsWith(".")));
    }
  }

  private static void add(String list, int what, List<String> words, List<Entry> uses) {
    for (String word : list.split("\\|", -1)) {
      words.add(word);
      uses.add(Entry.word(Use.NAME, what, word.length()));
    }
  }

  void read(int what, int start, int end) {
    switch (what) {
      case GIVEN -> {
        char before = Text.at(text, start - 1);
        if (Character.isUpperCase(text.charAt(start))
            && before != '@'
            && before != '.'
            && before != '-') {
          name(start, 2, 0.75);
        }
      }
      case SAYS -> {
        // "Ms" is a title, "ms" a unit.
        if (end - start > 4 || Character.isUpperCase(text.charAt(start))) {
          name(behind(end), 1, 0.85);
        }
      }
      case LABEL -> name(behind(end), 2, 0.8);
      case STREET -> street(start, end);
      default -> streetFirst(start, end);
    }
  }

  private int behind(int end) {
    int at = end;
    while (at < text.length() && at - end < 8 && " \t:=.\"'>-".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at;
  }

  private void name(int start, int least, double confidence) {
    int at = start;
    int end = -1;
    int names = 0;
    int words = 0;
    while (words < 5) {
      int to = word(at);
      String word = text.substring(at, to);
      String lower = word.toLowerCase(Locale.ROOT);
      boolean capital =
          to - at > 1 && Character.isUpperCase(text.charAt(at)) && !NO_NAMES.contains(lower);
      boolean initial = to - at == 1 && Text.upper(text.charAt(at)) && names > 0;
      if (capital && !word.equals(word.toUpperCase(Locale.ROOT))) {
        names++;
        end = to;
      } else if (!(initial || (names > 0 && PARTICLES.contains(lower)))) {
        break;
      }
      // A given name and a family name; more only where a particle or an initial stands between.
      if (names == 2 || Text.at(text, initial && Text.at(text, to) == '.' ? to + 1 : to) != ' ') {
        break;
      }
      at = initial && Text.at(text, to) == '.' ? to + 2 : to + 1;
      words++;
    }
    if (names >= least
        && end - start >= 2
        && Text.at(text, end) != '@'
        && Text.at(text, end) != '_') {
      scan.found(PiiKinds.PERSON_NAME, start, end, confidence, Rank.BY_CONTEXT);
    }
  }

  private int word(int at) {
    int to = at;
    while (to < text.length() && to - at < 24) {
      char c = text.charAt(to);
      boolean inside = (c == '\'' || c == '’' || c == '-') && Text.anyLetter(Text.at(text, to + 1));
      if (!Text.anyLetter(c) && !inside) {
        break;
      }
      to++;
    }
    return Math.max(at, to);
  }

  /** 12 Long Lane; Lange Straße 12; Hauptstraße 12. */
  private void street(int start, int end) {
    int from = start;
    while (from > 0 && start - from < 24 && Text.anyLetter(text.charAt(from - 1))) {
      from--;
    }
    int words = from < start ? 1 : 0;
    int at = from;
    while (words < 4 && Text.at(text, at - 1) == ' ') {
      int word = at - 1;
      while (word > 0 && at - word < 24 && Text.anyLetter(text.charAt(word - 1))) {
        word--;
      }
      if (word == at - 1 || !Character.isUpperCase(text.charAt(word))) {
        break;
      }
      at = word;
      words++;
    }
    int number = at - 1;
    while (number > 0 && at - number < 7 && Text.alnum(text.charAt(number - 1))) {
      number--;
    }
    if (words > 0
        && Text.at(text, at - 1) == ' '
        && number < at - 1
        && Text.digit(text.charAt(number))
        && Text.opens(text, number)) {
      scan.found(PiiKinds.POSTAL_ADDRESS, number, end, 0.75, Rank.BY_CONTEXT);
      return;
    }
    int behind = houseNumber(end);
    if (words > 0 && behind > 0 && Character.isUpperCase(text.charAt(at))) {
      scan.found(PiiKinds.POSTAL_ADDRESS, at, behind, 0.75, Rank.BY_CONTEXT);
    }
  }

  private int houseNumber(int at) {
    int to = at + 1;
    while (to < text.length() && to - at < 6 && Text.digit(text.charAt(to))) {
      to++;
    }
    boolean number = Text.at(text, at) == ' ' && to > at + 1;
    return number
        ? (Text.letter(Text.at(text, to)) && Text.closes(text, to + 1) ? to + 1 : to)
        : -1;
  }

  /** 12 rue Haute; Calle Mayor 12. */
  private void streetFirst(int start, int end) {
    int at = end;
    int last = -1;
    for (int words = 0; words < 5 && Text.at(text, at) == ' '; words++) {
      int to = word(at + 1);
      String word = text.substring(at + 1, to);
      boolean capital = !word.isEmpty() && Character.isUpperCase(word.charAt(0));
      if (!capital && !PARTICLES.contains(word.toLowerCase(Locale.ROOT))) {
        break;
      }
      last = capital ? to : last;
      at = to;
    }
    if (last < 0) {
      return;
    }
    int number = start - 1;
    while (number > 0 && start - number < 7 && Text.digit(text.charAt(number - 1))) {
      number--;
    }
    int behind = houseNumber(Text.at(text, last) == ',' ? last + 1 : last);
    if (number < start - 1 && Text.at(text, start - 1) == ' ') {
      scan.found(PiiKinds.POSTAL_ADDRESS, number, last, 0.75, Rank.BY_CONTEXT);
    } else if (behind > 0) {
      scan.found(PiiKinds.POSTAL_ADDRESS, start, behind, 0.75, Rank.BY_CONTEXT);
    }
  }
}
