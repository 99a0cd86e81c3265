package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * All words and prefixes that are looked for, in one automaton (Aho and Corasick, 1975): one table
 * step for each character of a text, whatever its letters' case. Immutable, thread-safe.
 *
 * <p>The table is filled for every state and class of characters, so that no failure link is
 * followed while reading: more memory (some 2 MB) for a step that costs the same always.
 */
final class Lexicon {
  /** What an entry is for. */
  enum Use {
    /** Tells about values beside it. */
    CUE,
    /** The literal of forms; {@code index} is a place in the list of anchors. */
    ANCHOR,
    /** Names a password. */
    PASSWORD,
    /** Names a token or key. */
    TOKEN,
    /** Names an issuer; {@code index} is a place in {@link VendorWords}. */
    VENDOR,
    /** Begins something that has a scanner of its own. */
    START,
    /** A given name, or words before a name. */
    NAME
  }

  /** Literals that a scanner of its own begins at. */
  enum Start {
    PEM("-----begin "),
    PUTTY("putty-user-key-file-"),
    JWT("eyj"),
    URL("://"),
    BEARER("bearer "),
    BASIC("basic "),
    CURL_USER(" -u "),
    OTP("otpauth://");

    private final String literal;

    Start(String literal) {
      this.literal = literal;
    }
  }

  /**
   * Something to look for.
   *
   * @param cue for {@link Use#CUE}, else null
   * @param start for {@link Use#START}, else null
   * @param length in characters
   * @param opens whether no word may go on before it
   * @param closes whether no word may go on after it
   */
  record Entry(
      Use use,
      int index,
      @Nullable Cue cue,
      @Nullable Start start,
      int length,
      boolean opens,
      boolean closes) {
    static Entry of(Use use, int index, int length) {
      return new Entry(use, index, null, null, length, false, false);
    }

    static Entry word(Use use, int index, int length) {
      return new Entry(use, index, null, null, length, true, true);
    }
  }

  private static final String PASSWORDS =
      "password|passwd|passphrase|passcode|pwd|pass|passwort|kennwort|mot de passe|motdepasse"
          + "|contraseña|contrasena|senha|wachtwoord|hasło|haslo|lösenord|adgangskode|salasana"
          + "|parola|şifre|heslo|пароль|密码|密碼|パスワード|비밀번호|pin code|pincode";
  private static final String TOKENS =
      "api_key|api-key|api key|apikey|api_token|api_secret|secret|token|credential|credentials"
          + "|access_key|access-key|access key|accesskey|auth_key|auth-key|authkey|authorization"
          + "|private_key|privatekey|private-key|encryption_key|encryptionkey|signing_key|signingkey"
          + "|master_key|masterkey|license_key|licence_key|deploy_key|service_key|shared_key"
          + "|sharedaccesskey|accountkey|subscription_key|subscription-key|app_key|appkey|app-key"
          + "|session_key|client_key|consumer_key|webhook_key|storage_key|x-auth|secret_key"
          + "|private_key_id|_key|-key|auth";

  /** Whether words of people's names are looked for too: they double the table. */
  enum Names {
    WITH,
    WITHOUT
  }

  private static final Map<Names, Lexicon> MADE = new EnumMap<>(Names.class);

  /** A state's row has room for so many classes, a power of two, so that no step multiplies. */
  private static final int ROW_BITS = 8;

  private final byte[] classes = new byte[65536];
  private int classCount = 1;

  /** For each state and class the next state. */
  private final char[] steps;

  /** States at which nothing ends have lower numbers than all others. */
  private final int firstEnding;

  /** What ends at each of the other states. */
  private final Entry[][] entries;

  private Lexicon(Names names) {
    List<String> anchors = Secrets.anchors();
    List<String> words = new ArrayList<>();
    List<Entry> uses = new ArrayList<>();
    for (Cue cue : Cue.values()) {
      for (String word : cue.words()) {
        boolean stem = word.endsWith("*");
        String literal = stem ? word.substring(0, word.length() - 1) : word;
        boolean letters = literal.chars().allMatch(c -> c < 0x2E80);
        words.add(literal);
        uses.add(
            new Entry(
                Use.CUE,
                0,
                cue,
                null,
                literal.length(),
                letters,
                letters && !stem && Text.anyLetter(literal.charAt(literal.length() - 1))));
      }
    }
    for (int i = 0; i < anchors.size(); i++) {
      String literal = anchors.get(i);
      words.add(literal);
      uses.add(Entry.of(Use.ANCHOR, i, literal.length()));
    }
    keys(PASSWORDS, Use.PASSWORD, words, uses);
    keys(TOKENS, Use.TOKEN, words, uses);
    List<VendorWords.Vendor> vendors = VendorWords.all();
    for (int i = 0; i < vendors.size(); i++) {
      for (String word : vendors.get(i).words()) {
        words.add(word);
        uses.add(Entry.of(Use.VENDOR, i, word.length()));
      }
    }
    for (Start start : Start.values()) {
      words.add(start.literal);
      uses.add(new Entry(Use.START, 0, null, start, start.literal.length(), false, false));
    }
    if (names == Names.WITH) {
      PersonNames.addTo(words, uses);
    }
    classify(words);
    List<int[]> trie = new ArrayList<>();
    List<List<Entry>> found = new ArrayList<>();
    trie.add(new int[classCount]);
    found.add(new ArrayList<>());
    for (int i = 0; i < words.size(); i++) {
      int state = 0;
      for (int j = 0; j < words.get(i).length(); j++) {
        int at = classes[words.get(i).charAt(j)] & 0xff;
        if (trie.get(state)[at] == 0) {
          trie.get(state)[at] = trie.size();
          trie.add(new int[classCount]);
          found.add(new ArrayList<>());
        }
        state = trie.get(state)[at];
      }
      found.get(state).add(uses.get(i));
    }
    fill(trie, found);
    int[] numbers = numbers(found);
    firstEnding = (int) found.stream().filter(List::isEmpty).count();
    steps = new char[trie.size() << ROW_BITS];
    entries = new Entry[trie.size() - firstEnding][];
    for (int state = 0; state < trie.size(); state++) {
      for (int at = 0; at < classCount; at++) {
        steps[numbers[state] << ROW_BITS | at] = (char) numbers[trie.get(state)[at]];
      }
      if (numbers[state] >= firstEnding) {
        entries[numbers[state] - firstEnding] = found.get(state).toArray(Entry[]::new);
      }
    }
  }

  /** New numbers of states: those at which nothing ends, then the others, each in their order. */
  private static int[] numbers(List<List<Entry>> found) {
    int[] numbers = new int[found.size()];
    int count = 0;
    for (int state = 0; state < numbers.length; state++) {
      numbers[state] = found.get(state).isEmpty() ? count++ : 0;
    }
    for (int state = 0; state < numbers.length; state++) {
      numbers[state] = found.get(state).isEmpty() ? numbers[state] : count++;
    }
    return numbers;
  }

  /** The lexicon, with or without the words of names; each is made once. */
  static synchronized Lexicon of(Names names) {
    return MADE.computeIfAbsent(names, Lexicon::new);
  }

  private static void keys(String list, Use use, List<String> words, List<Entry> uses) {
    for (String word : list.split("\\|", -1)) {
      words.add(word);
      uses.add(Entry.of(use, 0, word.length()));
    }
  }

  private void classify(List<String> words) {
    for (String word : words) {
      for (int i = 0; i < word.length(); i++) {
        char c = word.charAt(i);
        if (classes[c] == 0) {
          if (classCount > 255) {
            throw new IllegalStateException("the words use more than 255 characters");
          }
          classes[c] = (byte) classCount++;
        }
      }
    }
    for (char c = 0; c < 0x0600; c++) {
      char lower = Character.toLowerCase(c);
      if (classes[c] == 0 && lower != c) {
        classes[c] = classes[lower];
      }
    }
    classes['’'] = classes['\''];
  }

  private void fill(List<int[]> trie, List<List<Entry>> found) {
    int[] fallback = new int[trie.size()];
    Queue<Integer> queue = new ArrayDeque<>();
    for (int next : trie.get(0)) {
      if (next != 0) {
        queue.add(next);
      }
    }
    while (!queue.isEmpty()) {
      int state = queue.remove();
      found.get(state).addAll(found.get(fallback[state]));
      for (int at = 0; at < classCount; at++) {
        int next = trie.get(state)[at];
        int other = trie.get(fallback[state])[at];
        if (next == 0) {
          trie.get(state)[at] = other;
        } else {
          fallback[next] = other;
          queue.add(next);
        }
      }
    }
  }

  /** The state after a character. The first state is 0. */
  int step(int state, char c) {
    return steps[state << ROW_BITS | (classes[c] & 0xff)];
  }

  /** Whether something ends with the character that led to a state. */
  boolean endsAt(int state) {
    return state >= firstEnding;
  }

  /** What ends with the character that led to a state, where {@link #endsAt} says that it does. */
  Entry[] endingAt(int state) {
    return entries[state - firstEnding];
  }
}
