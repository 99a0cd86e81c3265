package io.llmtrace.policies.detect.sensitive;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kinds of personal data by example: the value stands in [[…]]. The numbers are those that issuers
 * and standards print as samples, or are made with their check digits.
 */
class PersonalDataTest {
  private static final SensitiveDetector EVERYTHING =
      new SensitiveDetector(
          SensitiveSettings.standard()
              .with(SensitiveKinds.all().stream().map(SensitiveKind::id).toArray(String[]::new)));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "email                 | write to [[mei.tanaka+news@orchard-labs.co.uk]].",
        "email                 | <[[o'brien@mail.northwind.fr]]>",
        "phone                 | my phone is [[+44 20 7946 0958]], thanks",
        "phone                 | [[+49 (0)89 1234567]] is the office",
        "phone                 | Tel. [[089/1234567]]",
        "phone                 | Tel.: [[06 78 30 35 59]] le matin",
        "phone                 | reach me at [[(630) 401-7185]] today",
        "phone                 | it is [[415-621-8212]] I think",
        "phone                 | 電話 [[03-6212-0500]]",
        "credit_card           | card [[4539 1488 0343 6467]] was declined",
        "credit_card           | charge [[371144371144376]]",
        "iban                  | pay to [[DE89 3704 0044 0532 0130 00]] today",
        "iban                  | pay to [[GB29NWBK60161331926819]]",
        "bic                   | BIC: [[DEUTDEFF500]]",
        "bank_account          | account number: [[88120374461]]",
        "us_aba_routing        | routing number [[021000021]]",
        "uk_sort_code          | sort code [[20-45-71]]",
        "ip_address            | from [[81.16.56.92]]:8443 today",
        "ip_address            | client [[2a00:1450:4001:81b::200e]] came",
        "ip_address            | [2a00:1450::1]:443 and [[2a00:1450:4001::5]]",
        "mac_address           | MAC [[9A:78:93:81:47:E8]] joined",
        "imei                  | IMEI [[49-015420-323751-8]]",
        "geo_coordinates       | latitude [[48.85837]]",
        "us_ssn                | on file: [[536-22-8145]].",
        "us_ssn                | SSN 536 22 8145 is [[536228145]]",
        "us_itin               | ITIN [[912-91-3457]]",
        "us_ein                | EIN [[91-1144442]]",
        "us_mbi                | Medicare number [[1EG4TE5MK73]]",
        "us_npi                | NPI [[1245319599]]",
        "us_dea                | DEA [[F91234563]]",
        "uk_nino               | NI number [[JG103759A]]",
        "uk_nino               | it is [[JG 10 37 59 A]] ok",
        "uk_nhs                | NHS number [[943 476 5870]]",
        "de_tax_id             | Steuer-ID [[36574261809]]",
        "de_id_card            | Personalausweis [[T220001293]]",
        "de_social_insurance   | Rentenversicherungsnummer [[15070649C103]]",
        "fr_nir                | NIR [[2 55 08 14 168 025 38]]",
        "es_dni                | DNI [[54362315K]]",
        "es_dni                | DNI [[54362315-K]]",
        "es_nie                | NIE [[X2482300W]]",
        "it_codice_fiscale     | CF [[RCCMNL83S18D969H]]",
        "pl_pesel              | PESEL [[44051401359]]",
        "nl_bsn                | BSN [[111222333]]",
        "be_national_number    | rijksregister [[85.07.30-033.28]]",
        "pt_nif                | NIF contribuinte [[501964843]]",
        "br_cpf                | CPF [[390.533.447-05]]",
        "br_cnpj               | CNPJ [[16.727.230/0001-97]]",
        "in_aadhaar            | Aadhaar [[2341 2341 2346]]",
        "in_pan                | PAN card [[ACUPA7085R]]",
        "cn_resident_id        | 身份证 [[360426199101010071]]",
        "cn_resident_id        | 身份证号码[[11010519491231002X]]",
        "kr_rrn                | 주민번호 [[971013-9019902]]",
        "jp_my_number          | マイナンバー [[302847195360]]",
        "au_tfn                | TFN [[648 188 480]]",
        "au_medicare           | Medicare card [[2123 45670 1]]",
        "ca_sin                | SIN [[130-692-544]]",
        "se_personnummer       | personnummer [[880320-0016]]",
        "fi_hetu               | hetu [[131052-308T]] ok",
        "fi_hetu               | hetu [[131052A308T]] ok",
        "dk_cpr                | CPR [[211062-5629]]",
        "no_fodselsnummer      | fødselsnummer [[15108695088]]",
        "ch_ahv                | AHV [[756.9217.0769.85]]",
        "at_svnr               | SVNR [[1237 010180]]",
        "ie_pps                | PPS number [[6433435F]]",
        "tr_tckn               | TCKN [[17291716060]]",
        "ro_cnp                | CNP [[1630615123457]]",
        "cz_rodne_cislo        | rodné číslo [[710319/2745]]",
        "bg_egn                | ЕГН [[7523169263]]",
        "gr_amka               | AMKA [[01013099997]]",
        "hr_oib                | OIB [[33392005961]]",
        "ee_isikukood          | isikukood [[36805280109]]",
        "za_id                 | ID number [[7503305044089]]",
        "mx_curp               | CURP [[BOXW310820HNERXN09]]",
        "cl_rut                | RUT [[12.531.909-2]]",
        "ar_cuit               | CUIT [[20-05536168-2]]",
        "sg_nric               | NRIC [[S1234567D]]",
        "th_id                 | thai id [[3-6477-01542-08-5]]",
        "tw_id                 | national id [[F208173544]]",
        "il_id                 | teudat zehut [[039337423]]",
        "hk_id                 | HKID [[G123456(A)]]",
        "passport              | passport no. [[X4RTBPFW4]]",
        "passport              | Reisepass Nr [[C01X00T47]]",
        "drivers_licence       | driver's license number is [[D6101405]]",
        "medical_record_number | MRN: [[00482139]]",
        "health_insurance_number | Krankenversichertennummer [[A123406780]]",
        "vin                   | VIN [[1M8GDM9AXKP042788]]",
        "licence_plate         | licence plate [[M-AB 1234]]",
        "date_of_birth         | born on [[12 March 1985]] in Kiel",
        "date_of_birth         | DOB: [[12/03/1985]]",
        "date_of_birth         | {\"dateOfBirth\":\"[[1985-03-12]]\"}",
        "btc_address           | send to [[1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2]]",
        "btc_address           | or [[bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq]]",
        "eth_address           | [[0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed]] holds it",
        "person_name           | My name is [[Zofia Kowalska]] and",
        "person_name           | Dear Mrs [[Okafor]], thank you",
        "person_name           | called [[Jan O'Brien]] today",
        "postal_address        | ship to [[221 Baker Street]], London",
        "postal_address        | wohnt [[Lange Straße 12]] in Ulm",
      })
  void a_kind_is_found_with_its_span(String kind, String marked) {
    int from = marked.indexOf("[[");
    int to = marked.indexOf("]]");
    String value = marked.substring(from + 2, to);
    String text = marked.replace("[[", "").replace("]]", "");
    assertThat(Reading.values(EVERYTHING, text)).contains(kind + "=" + value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Order number 6397 4274 3171 6178 was shipped",
        "version 10.2.3.4 of the manual",
        "see section 3.4.1.4 for more",
        "OID 1.3.6.1.4.845.16",
        "IPv4 ranges such as 300.1.2.498 are not valid",
        "price 1160.16 EUR, qty 051, sku 73878-29",
        "population 1,548,403; account balance 1867.10",
        "Unix time 1755263675 and 1691711223000 ms",
        "ratio 16:9, time 10:13, chapter 3:8, score 8-4",
        "Date 2024-10-12 06:01:18",
        "ISBN 978-8-2843-9908-3",
        "Case no. 102/37-11005; room 881; ext. 0016",
        "import {x} from \"@scope/pkg@5.1.5\"",
        "logo@2x.png and std::vector<int>",
        "git clone git@github.com:acme/demo.git",
        "request_id=7edf9c2f-1767-4b27-870d-015b3e9f0ae6",
        "Invalid SSN 666-27-3892 and 000-12-3456 rejected",
        "item of the list, 12345678 pieces",
        "call the function with 3 arguments and 12 lines",
        "the number 943 476 5870 has no name",
        "BIC: not needed",
        "1 + 2 = 3, 100 / 20 = 5, 10-20-30",
        "passport control opens at 10, driver's licence rules",
        "https://example.test/items/6306160452?ref=kRGghBMM",
        "loopback 127.0.0.1 and 0.0.0.0 and ::1 and 255.255.255.0",
      })
  void ordinary_numbers_are_no_findings(String text) {
    assertThat(Reading.values(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "My name is Zofia Kowalska, I live at 221 Baker Street",
        "MAC 9A:78:93:81:47:E8 joined the LAN",
        "latitude 48.85837, longitude 2.29448",
        "licence plate M-AB 1234"
      })
  void names_addresses_devices_places_and_plates_are_off_by_default(String text) {
    assertThat(Reading.values(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Test card 4111 1111 1111 1111",
        "card 4242424242424242, 378282246310005",
        "SSN 078-05-1120 or 219-09-9999",
        "SSN: 123-45-6789",
        "DNI 12345678Z"
      })
  void published_test_values_are_reported_only_where_examples_are_asked_for(String text) {
    assertThat(Reading.of(text)).isEmpty();
    SensitiveDetector reporting =
        new SensitiveDetector(
            SensitiveSettings.standard().examples(SensitiveSettings.Examples.REPORTED));
    assertThat(Reading.of(reporting, text))
        .isNotEmpty()
        .allSatisfy(
            f -> {
              assertThat(f.severity()).isEqualTo(Severity.INFO);
              assertThat(f.evidence()).contains("example");
            });
  }

  @ParameterizedTest
  @CsvSource({
    "write to someone@example.com, example",
    "write to a.b@mail.example.org, example",
    "call (415) 555-0142 now, fictitious",
    "host 10.0.12.7 answered, private range",
    "host fe80::1ff:fe23:4567:890a answered, private range",
    "host 203.0.113.9 answered, documentation range",
    "host 2001:db8::5d8c answered, documentation range"
  })
  void contact_data_that_is_nobodys_is_information(String text, String note) {
    assertThat(Reading.of(text))
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.severity()).isEqualTo(Severity.INFO);
              assertThat(f.evidence()).contains(note);
            });
  }

  @Property(tries = 200, seed = "43")
  void a_card_number_is_found_and_not_found_with_one_digit_changed(
      @ForAll @LongRange(min = 0, max = 99_999_999_999L) long body,
      @ForAll @IntRange(min = 5, max = 15) int place) {
    String number = Made.luhn("4539" + String.format("%011d", body));
    if (Placeholders.number(number) || Placeholders.card(number)) {
      return;
    }
    assertThat(Reading.values("my card " + number)).contains("credit_card=" + number);
    String changed = changed(number, place);
    assertThat(Reading.kinds("my card " + changed)).doesNotContain("credit_card");
  }

  @Property(tries = 200, seed = "43")
  void an_iban_is_found_and_not_found_with_one_digit_changed(
      @ForAll @LongRange(min = 1_000_000_000L, max = 999_999_999_999_999_999L) long account,
      @ForAll @IntRange(min = 4, max = 21) int place) {
    String iban = Made.iban("DE", String.format("%018d", account));
    if (Placeholders.repeats(iban.substring(4), 10)) {
      return;
    }
    assertThat(Reading.values("an " + iban + " überweisen")).containsExactly("iban=" + iban);
    assertThat(Reading.kinds("an " + changed(iban, place) + " überweisen")).doesNotContain("iban");
    String spaced = iban.replaceAll("(.{4})", "$1 ").strip();
    assertThat(Reading.values("an " + spaced + " überweisen")).containsExactly("iban=" + spaced);
  }

  @ParameterizedTest
  @CsvSource({
    "uk_nhs, NHS number , 9434765870",
    "de_tax_id, Steuer-ID , 36574261809",
    "pl_pesel, PESEL , 44051401359",
    "nl_bsn, BSN , 111222333",
    "br_cpf, CPF , 39053344705",
    "in_aadhaar, Aadhaar , 234123412346",
    "jp_my_number, My Number , 302847195360",
    "au_tfn, TFN , 648188480",
    "ca_sin, SIN , 130692544",
    "no_fodselsnummer, fødselsnummer , 15108695088",
    "tr_tckn, TCKN , 17291716060",
    "fr_nir, NIR , 255081416802538",
    "hr_oib, OIB , 33392005961",
    "us_aba_routing, ABA , 021000021",
    "imei, IMEI , 490154203237518"
  })
  void a_check_digit_that_is_one_off_is_no_finding(String kind, String label, String number) {
    assertThat(Reading.kinds(label + " " + number)).contains(kind);
    List<Integer> places = IntStream.range(0, number.length()).boxed().toList();
    // Where a remainder of 10 is written as 0, modulus 11 lets one other digit through.
    assertThat(places)
        .filteredOn(place -> Reading.kinds(label + " " + changed(number, place)).contains(kind))
        .hasSizeLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"NHS number ", "nhs-nummer: ", "her NHS no. is "})
  void words_around_a_weak_number_make_it_a_finding_and_their_absence_none(String words) {
    assertThat(Reading.kinds(words + "943 476 5870")).containsExactly("uk_nhs");
    assertThat(Reading.kinds("a".repeat(20) + " 943 476 5870")).isEmpty();
    assertThat(Reading.kinds(words + "and then ".repeat(12) + "943 476 5870")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"credit_card", "us_ssn", "iban", "email"})
  void personal_data_is_of_its_type_and_hides_its_value(String kind) {
    String text =
        "card 4539 1488 0343 6467, SSN 536-22-8145, IBAN DE89370400440532013000, a.bee@comb.fr";
    Finding finding =
        Reading.of(text).stream().filter(f -> f.rule().equals(kind)).findFirst().orElseThrow();
    assertThat(finding.type()).isEqualTo(FindingType.PII_DETECTED);
    assertThat(finding.evidence()).matches("…\\([0-9]+ characters\\)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"DE", "FR"})
  void countries_that_are_off_are_not_read(String country) {
    SensitiveDetector one = new SensitiveDetector(SensitiveSettings.standard().in(country));
    List<String> kinds =
        Reading.of(one, "Steuer-ID 36574261809, NIR 2 55 08 14 168 025 38, PESEL 44051401359")
            .stream()
            .map(Finding::rule)
            .toList();
    assertThat(kinds).containsExactly(country.equals("DE") ? "de_tax_id" : "fr_nir");
  }

  private static String changed(String number, int place) {
    char digit = number.charAt(place);
    char other = digit == '9' ? '0' : (char) (digit + 1);
    return number.substring(0, place) + other + number.substring(place + 1);
  }
}
