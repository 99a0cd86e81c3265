package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.engine.EngineOptions.Toxicity;
import io.llmtrace.policies.detect.sensitive.SensitiveKind;
import io.llmtrace.policies.detect.sensitive.SensitiveKinds;
import io.llmtrace.policies.detect.sensitive.SensitiveSettings.Examples;
import io.llmtrace.policies.detect.signatures.PackException;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import io.llmtrace.policies.yaml.Nearest;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads the section {@code detection} and the signature packs that it names. Used once. */
final class DetectionReader {
  /** Packs hold a thousand rules each. */
  private static final int MOST_PACKS = 16;

  private static final int MOST_NAMES = 500;
  private static final long LARGEST_PACK = 1 << 20;
  private static final Pattern PACK_NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

  private final Reading reading;
  private final ConfigSection section;
  private final boolean open;

  /**
   * @param open whether packs are opened
   */
  DetectionReader(Reading reading, ConfigSection section, boolean open) {
    this.reading = reading;
    this.section = section;
    this.open = open;
  }

  DetectionConfig read() {
    DetectionConfig defaults = DetectionConfig.defaults();
    ConfigSection sensitive = section.section("sensitive");
    DetectionConfig detection =
        new DetectionConfig(
            section.choice("profile", Profile.class, defaults.profile()),
            packs(),
            disabledRules(),
            section.bool("built_in_model", defaults.builtInModel()),
            new SensitiveConfig(
                kinds(sensitive, "enable"),
                kinds(sensitive, "disable"),
                countries(sensitive),
                sensitive.choice("examples", Examples.class, defaults.sensitive().examples())),
            section.choice("toxicity", Toxicity.class, defaults.toxicity()));
    sensitive.finish();
    return detection;
  }

  private List<SignaturePack> packs() {
    Map<String, Path> files = new HashMap<>();
    List<SignaturePack> packs = new ArrayList<>();
    for (ConfigKeys.Item item : section.items("packs", "paths of packs", MOST_PACKS)) {
      try {
        Path file = Path.of(item.text());
        String name = name(file);
        if (!PACK_NAME.matcher(name).matches()) {
          section.problem(
              item,
              "expected a file whose name is lower-case letters, digits, _ and - before .yaml, since"
                  + " findings carry it");
        } else if (files.putIfAbsent(name, file) != null) {
          section.problem(item, "expected packs of different names, there are two '" + name + "'");
        } else if (open) {
          packs.add(SignaturePack.parse(name, Utf8File.read(file, LARGEST_PACK)));
        }
      } catch (InvalidPathException e) {
        section.problem(item, "expected a path (" + e.getReason() + ")");
      } catch (Utf8File.UnreadableException e) {
        section.problem(item, e.expectation() + " at " + item.text());
      } catch (PackException e) {
        tell(e, files);
      }
    }
    if (!packs.isEmpty()) {
      refuseTakenIds(packs, files);
    }
    return packs;
  }

  /** Against all shipped rules, those too that are disabled: an id means one thing. */
  private void refuseTakenIds(List<SignaturePack> packs, Map<String, Path> files) {
    List<SignaturePack> all = new ArrayList<>();
    all.add(SignaturePack.builtIn());
    all.addAll(packs);
    try {
      SignaturePack.merged(all);
    } catch (PackException e) {
      tell(e, files);
    }
  }

  private void tell(PackException refused, Map<String, Path> files) {
    for (PackException.Problem place : refused.places()) {
      Path file = files.get(place.pack());
      reading.problemIn(
          file == null ? place.pack() : file.toString(), place.line(), place.where(), place.what());
    }
  }

  private static String name(Path file) {
    Path last = file.getFileName();
    return last == null ? "" : last.toString().replaceAll("\\.ya?ml$", "");
  }

  private Set<String> disabledRules() {
    List<ConfigKeys.Item> items =
        section.items("disabled_rules", "ids of shipped rules", MOST_NAMES);
    List<String> known = items.isEmpty() ? List.of() : SignaturePack.builtIn().ruleIds();
    return new LinkedHashSet<>(known(section, items, known, "the id of a shipped rule"));
  }

  private static List<String> kinds(ConfigSection sensitive, String key) {
    List<ConfigKeys.Item> items = sensitive.items(key, "kinds of sensitive data", MOST_NAMES);
    List<String> known =
        items.isEmpty() ? List.of() : SensitiveKinds.all().stream().map(SensitiveKind::id).toList();
    return known(sensitive, items, known, "a kind of docs/reference/sensitive-kinds.md");
  }

  private static List<String> known(
      ConfigSection section,
      List<ConfigKeys.Item> items,
      Collection<String> known,
      String expected) {
    List<String> texts = new ArrayList<>();
    for (ConfigKeys.Item item : items) {
      if (known.contains(item.text())) {
        texts.add(item.text());
      } else {
        section.problem(
            item,
            "expected "
                + expected
                + ", was \""
                + item.text()
                + "\""
                + Nearest.question(item.text(), known));
      }
    }
    return texts;
  }

  private static List<String> countries(ConfigSection sensitive) {
    Set<String> known = Set.of(Locale.getISOCountries());
    List<String> countries = new ArrayList<>();
    for (ConfigKeys.Item item : sensitive.items("countries", "countries", MOST_NAMES)) {
      String country = item.text().toUpperCase(Locale.ROOT);
      if (known.contains(country)) {
        countries.add(country);
      } else {
        sensitive.problem(
            item,
            "expected a country of ISO 3166-1 alpha-2 such as DE, was \""
                + item.text()
                + "\""
                + (country.equals("UK") ? " (did you mean GB?)" : ""));
      }
    }
    return countries;
  }
}
