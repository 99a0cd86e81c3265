package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.sensitive.Candidate.Rank;
import io.llmtrace.policies.detect.sensitive.Lexicon.Entry;
import io.llmtrace.policies.detect.sensitive.Lexicon.Use;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One reading of one form of a text. Not thread-safe.
 *
 * <p>The text is read once, in pieces: each character moves the {@link Lexicon} on and takes part
 * in a word, and whatever may begin something is noted. The scanners then look at what was noted,
 * some characters behind the reading so that words after a value are known too. Every scanner looks
 * at a bounded number of characters, so that the whole is linear, and the budget is asked between
 * them.
 */
final class Scan {
  private static final int PIECE = 2048;

  /** How far words after a value count, with room for the value. */
  private static final int AHEAD = 128;

  /** How far a candidate can begin before what led to it. */
  private static final int BEHIND = 512;

  private static final int MOST_PENDING = 512;

  private static final int WORD = 0;
  private static final int AT_SIGN = 1;
  private static final int COLON = 2;
  private static final int LITERAL = 3;

  /** Longer words are blobs: nothing that is recognised by its form alone is as long. */
  private static final int LONGEST_WORD = 128;

  final String text;
  final SensitiveSettings settings;
  private final Lexicon lexicon;
  private final InspectionBudget budget;
  private final Consumer<Candidate> sink;

  /** Where the words of a cue stand. */
  private static final class Places {
    final Ints starts = new Ints();
    final Ints ends = new Ints();
  }

  private final Map<Cue, Places> cues = new EnumMap<>(Cue.class);
  private final Ints vendorEnds = new Ints();
  private final Ints vendors = new Ints();
  final Ints emailEnds = new Ints();

  private int[] triggers = new int[4 * 64];
  private @Nullable Entry[] literals = new @Nullable Entry[64];
  private int noted;
  private int looked;

  private List<Candidate> pending = new ArrayList<>();
  private int settled;

  private final Numbers numbers;
  private final Words words;
  private final NetworkAddresses network;
  private final Secrets secrets;
  private final Assignments assignments;
  private final Labelled labelled;
  private final PersonNames names;

  Scan(
      String text,
      SensitiveSettings settings,
      Lexicon lexicon,
      InspectionBudget budget,
      Consumer<Candidate> sink) {
    this.text = text;
    this.settings = settings;
    this.lexicon = lexicon;
    this.budget = budget;
    this.sink = sink;
    this.numbers = new Numbers(this);
    this.words = new Words(this);
    this.network = new NetworkAddresses(this);
    this.secrets = new Secrets(this);
    this.assignments = new Assignments(this);
    this.labelled = new Labelled(this);
    this.names = new PersonNames(this);
  }

  /** Reads to the end, or until the budget is spent. */
  void run() {
    int state = 0;
    int wordStart = -1;
    boolean digits = false;
    int length = text.length();
    char[] piece = new char[Math.min(length, PIECE)];
    for (int from = 0; from < length && !budget.spent(); from += PIECE) {
      int to = Math.min(length, from + PIECE);
      text.getChars(from, to, piece, 0);
      for (int i = from; i < to; i++) {
        char c = piece[i - from];
        state = lexicon.step(state, c);
        if (lexicon.endsAt(state)) {
          literals(lexicon.endingAt(state), i + 1);
        }
        if (Text.alnum(c)) {
          wordStart = wordStart < 0 ? i : wordStart;
          digits |= c <= '9';
          continue;
        }
        if (wordStart >= 0) {
          word(wordStart, i, digits);
          wordStart = -1;
          digits = false;
        }
        if (c == '@') {
          note(AT_SIGN, i, i + 1, null);
        } else if (c == ':') {
          note(COLON, i, i + 1, null);
        }
      }
      if (to == length && wordStart >= 0) {
        word(wordStart, length, digits);
      }
      look(to == length ? Integer.MAX_VALUE : to - AHEAD);
      settle(to == length ? Integer.MAX_VALUE : to - AHEAD - BEHIND);
    }
    settle(Integer.MAX_VALUE);
  }

  private void literals(Entry[] found, int end) {
    for (Entry entry : found) {
      int start = end - entry.length();
      if ((entry.opens() && start > 0 && Text.anyLetter(text.charAt(start - 1)))
          || (entry.closes() && end < text.length() && Text.anyLetter(text.charAt(end)))) {
        continue;
      }
      Cue cue = entry.cue();
      if (cue != null) {
        cue(cue, start, end);
        if (!Labelled.reads(cue)) {
          continue;
        }
      } else if (entry.use() == Use.VENDOR) {
        vendorEnds.add(end);
        vendors.add(entry.index());
        continue;
      }
      note(LITERAL, start, end, entry);
    }
  }

  private void cue(Cue cue, int start, int end) {
    Places places = cues.get(cue);
    if (places == null) {
      places = new Places();
      cues.put(cue, places);
    }
    places.starts.add(start);
    places.ends.add(end);
  }

  private void word(int start, int end, boolean digits) {
    if (digits && end - start <= LONGEST_WORD) {
      note(WORD, start, end, null);
    }
  }

  private void note(int what, int start, int end, @Nullable Entry entry) {
    if (noted == literals.length) {
      int kept = noted - looked;
      System.arraycopy(triggers, looked * 3, triggers, 0, kept * 3);
      System.arraycopy(literals, looked, literals, 0, kept);
      noted = kept;
      looked = 0;
      if (kept * 2 > literals.length) {
        triggers = Arrays.copyOf(triggers, literals.length * 8);
        literals = Arrays.copyOf(literals, literals.length * 2);
      }
    }
    triggers[noted * 3] = what;
    triggers[noted * 3 + 1] = start;
    triggers[noted * 3 + 2] = end;
    literals[noted] = entry;
    noted++;
  }

  private void look(int before) {
    int since = 0;
    while (looked < noted && triggers[looked * 3 + 1] < before) {
      if (++since % 8 == 0 && budget.spent()) {
        return;
      }
      int start = triggers[looked * 3 + 1];
      int end = triggers[looked * 3 + 2];
      Entry entry = literals[looked];
      int what = triggers[looked * 3];
      looked++;
      switch (what) {
        case WORD -> words.read(start, end, numbers);
        case AT_SIGN -> MailAddresses.atSign(this, start);
        case COLON -> network.colon(start);
        default -> {
          if (entry != null) {
            literal(entry, start, end);
          }
        }
      }
    }
  }

  private void literal(Entry entry, int start, int end) {
    Cue cue = entry.cue();
    Lexicon.Start begins = entry.start();
    if (cue != null) {
      labelled.read(cue, end);
    } else if (begins != null) {
      start(begins, start, end);
    } else {
      switch (entry.use()) {
        case ANCHOR -> secrets.anchor(entry.index(), start);
        case PASSWORD -> assignments.password(start, end);
        case TOKEN -> assignments.token(start, end);
        case NAME -> names.read(entry.index(), start, end);
        default -> throw new IllegalStateException("not looked at: " + entry.use());
      }
    }
  }

  private void start(Lexicon.Start what, int start, int end) {
    switch (what) {
      case PEM -> secrets.pem(start);
      case PUTTY -> secrets.putty(start);
      case JWT -> secrets.jwt(start);
      case OTP -> secrets.otp(start);
      case BASIC -> secrets.basic(start, end);
      case URL -> UserInfo.url(this, start);
      case BEARER -> assignments.bearer(start, end);
      case CURL_USER -> UserInfo.curlUser(this, end);
    }
  }

  /** A candidate with the severity of its kind. */
  void found(SensitiveKind kind, int from, int to, double confidence, Rank rank) {
    found(new Candidate(kind, from, to, confidence, rank, "", kind.severity()));
  }

  /** A candidate; what is off is dropped here. */
  void found(Candidate candidate) {
    if (settings.on(candidate.kind())) {
      pending.add(candidate);
    }
  }

  /** A documented example or published test value. */
  void example(SensitiveKind kind, int from, int to, Rank rank) {
    if (settings.examples() == SensitiveSettings.Examples.REPORTED) {
      found(new Candidate(kind, from, to, 0.9, rank, "example", Severity.INFO));
    }
  }

  /** Hands on what nothing can change any more: whatever ends before {@code limit}. */
  private void settle(int limit) {
    if (pending.isEmpty()) {
      return;
    }
    pending.sort(Comparator.comparingInt(Candidate::from));
    List<Candidate> kept = new ArrayList<>();
    int at = 0;
    while (at < pending.size()) {
      int end = pending.get(at).to();
      int next = at + 1;
      while (next < pending.size() && pending.get(next).from() < end) {
        end = Math.max(end, pending.get(next).to());
        next++;
      }
      List<Candidate> cluster = pending.subList(at, next);
      if (end < limit || cluster.size() > MOST_PENDING) {
        resolve(cluster);
      } else {
        kept.addAll(cluster);
      }
      at = next;
      if (budget.spent()) {
        break;
      }
    }
    pending = kept;
  }

  private void resolve(List<Candidate> cluster) {
    List<Candidate> order = new ArrayList<>(cluster);
    order.sort(Candidate.STRONGEST);
    NavigableMap<Integer, Candidate> won = new TreeMap<>();
    for (Candidate candidate : order) {
      Map.Entry<Integer, Candidate> left = won.lowerEntry(candidate.to());
      boolean free = left == null || !left.getValue().overlaps(candidate);
      if (free && candidate.from() >= settled) {
        won.put(candidate.from(), candidate);
      }
    }
    for (Candidate candidate : won.values()) {
      settled = Math.max(settled, candidate.to());
      sink.accept(candidate);
    }
  }

  /**
   * How far the nearest word of a cue stands from {@code [from, to)}: at most {@code before}
   * characters in front or {@code after} behind; -1 if none does.
   */
  int near(Cue cue, int from, int to, int before, int after) {
    Places places = cues.get(cue);
    if (places == null) {
      return -1;
    }
    Ints ends = places.ends;
    Ints starts = places.starts;
    int nearest = -1;
    int last = ends.upTo(from) - 1;
    if (last >= 0 && from - ends.get(last) <= before) {
      nearest = from - ends.get(last);
    }
    int next = starts.upTo(to - 1);
    if (next < starts.size() && starts.get(next) - to <= after) {
      int distance = starts.get(next) - to;
      nearest = nearest < 0 ? distance : Math.min(nearest, distance);
    }
    return nearest;
  }

  boolean isNear(Cue cue, int from, int to, int before, int after) {
    return near(cue, from, to, before, after) >= 0;
  }

  /** Issuers named within {@code before} characters in front of {@code from}, nearest first. */
  List<VendorWords.Vendor> vendorsBefore(int from, int before) {
    List<VendorWords.Vendor> found = new ArrayList<>();
    for (int i = vendorEnds.upTo(from) - 1; i >= 0 && found.size() < 4; i--) {
      if (from - vendorEnds.get(i) > before) {
        break;
      }
      found.add(VendorWords.all().get(vendors.get(i)));
    }
    return found;
  }
}
