package io.llmtrace.cli.policy;

import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Results as JUnit XML, which CI servers read: a suite for each file. Not thread-safe. */
final class JUnitReport {
  private record Result(String name, long nanos, String place, List<String> failure) {}

  private final Map<String, List<Result>> suites = new LinkedHashMap<>();

  /**
   * Adds a result.
   *
   * @param failure lines for people; none where the test passed
   */
  void add(Path file, String name, long nanos, String place, List<String> failure) {
    suites
        .computeIfAbsent(file.toString(), each -> new ArrayList<>())
        .add(new Result(name, nanos, place, failure));
  }

  String xml() {
    StringWriter text = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
      xml.writeStartDocument("UTF-8", "1.0");
      xml.writeStartElement("testsuites");
      for (Map.Entry<String, List<Result>> suite : suites.entrySet()) {
        suite(xml, suite.getKey(), suite.getValue());
      }
      xml.writeEndElement();
      xml.writeEndDocument();
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("what is written into memory can be written", e);
    }
    return text.append('\n').toString();
  }

  private static void suite(XMLStreamWriter xml, String name, List<Result> results)
      throws XMLStreamException {
    xml.writeStartElement("testsuite");
    xml.writeAttribute("name", clean(name));
    xml.writeAttribute("tests", Integer.toString(results.size()));
    xml.writeAttribute(
        "failures",
        Long.toString(results.stream().filter(each -> !each.failure().isEmpty()).count()));
    xml.writeAttribute("time", seconds(results.stream().mapToLong(Result::nanos).sum()));
    for (Result result : results) {
      xml.writeStartElement("testcase");
      xml.writeAttribute("classname", clean(name));
      xml.writeAttribute("name", clean(result.name()));
      xml.writeAttribute("time", seconds(result.nanos()));
      if (!result.failure().isEmpty()) {
        xml.writeStartElement("failure");
        xml.writeAttribute("message", clean(result.place()));
        xml.writeCharacters(clean(String.join("\n", result.failure())));
        xml.writeEndElement();
      }
      xml.writeEndElement();
    }
    xml.writeEndElement();
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.3f", nanos / 1e9);
  }

  /** XML has no place for most control characters, not even escaped. */
  private static String clean(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .map(
            c ->
                c == '\n'
                        || c == '\t'
                        || (c >= 0x20 && c <= 0xD7FF)
                        || (c >= 0xE000 && c <= 0xFFFD)
                        || c >= 0x10000
                    ? c
                    : 0xFFFD)
        .forEach(out::appendCodePoint);
    return out.toString();
  }
}
