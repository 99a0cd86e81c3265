package io.llmtrace.cli.measure;

import java.util.List;
import java.util.Random;

/**
 * Ordinary text of a given length, another one each time: prose, code, logs and JSON, as prompts
 * are. Written for the project; the same seed gives the same texts.
 */
public final class SampleText {
  private static final List<String> SENTENCES =
      List.of(
          "The quarterly report shows that the northern region grew by eleven percent. ",
          "Please summarise the attached minutes and list the open questions for each team. ",
          "How do I rotate the logs of a service that keeps its file open? ",
          "Our customers ask for an export that keeps the order of the columns. ",
          "She wrote that the train to the coast leaves at a quarter past seven. ",
          "Explain the difference between a mutex and a semaphore to a new colleague. ",
          "Die Sitzung wurde auf Donnerstag verschoben, weil der Raum belegt war. ",
          "Le rapport sera envoyé avant la fin de la semaine avec les annexes. ",
          "La reunión empieza a las nueve y termina antes del almuerzo. ",
          "You are a helpful assistant that answers in two short paragraphs. ",
          "Compare the two proposals and say which one costs less over three years. ",
          "for (int i = 0; i < rows.size(); i++) { total += rows.get(i).amount(); }\n",
          "def median(values):\n    ordered = sorted(values)\n    return ordered[len(ordered) // 2]\n",
          "SELECT region, sum(amount) FROM orders WHERE placed_at > $1 GROUP BY region;\n",
          "2026-03-04T10:22:31Z INFO server listening on port 8080, 12 workers ready\n",
          "2026-03-04T10:22:35Z WARN request took 1204 ms, path=/v1/search status=200\n",
          "{\"status\":\"ok\",\"items\":[{\"sku\":\"A-1003\",\"qty\":4},{\"sku\":\"B-2210\",\"qty\":1}]}\n",
          "| name | owner | due |\n| --- | --- | --- |\n| import | data team | June |\n",
          "git rebase --onto main feature~3 feature && git push --force-with-lease\n",
          "See https://docs.example.org/guide/getting-started#install for the steps. ");

  private final Random random;

  public SampleText(long seed) {
    random = new Random(seed);
  }

  /** The next text, of exactly so many characters. */
  public String next(int length) {
    StringBuilder text = new StringBuilder(length + 200);
    while (text.length() < length) {
      text.append(SENTENCES.get(random.nextInt(SENTENCES.size())));
      if (random.nextInt(4) == 0) {
        text.append("Item ").append(random.nextInt(100_000)).append(". ");
      }
    }
    text.setLength(length);
    return text.toString();
  }
}
