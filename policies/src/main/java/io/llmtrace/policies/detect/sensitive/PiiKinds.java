package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;
import static io.llmtrace.policies.detect.sensitive.SensitiveKind.Context.NOT_READ;
import static io.llmtrace.policies.detect.sensitive.SensitiveKind.Context.RAISES;
import static io.llmtrace.policies.detect.sensitive.SensitiveKind.Context.REQUIRED;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.ArrayList;
import java.util.List;

/** Kinds of personal data. */
final class PiiKinds {
  private static final List<SensitiveKind> ALL = new ArrayList<>();

  static final SensitiveKind EMAIL =
      on("email", "E-mail address", "contact", LOW, NOT_READ, "form, no file name");
  static final SensitiveKind PHONE =
      on(
          "phone",
          "Telephone number",
          "contact",
          LOW,
          RAISES,
          "libphonenumber, shape of the country");
  static final SensitiveKind PERSON_NAME =
      off(
          "person_name",
          "Name of a person",
          "contact",
          LOW,
          REQUIRED,
          "words before it, common given names");
  static final SensitiveKind POSTAL_ADDRESS =
      off("postal_address", "Postal address", "contact", LOW, REQUIRED, "street and number");
  static final SensitiveKind DATE_OF_BIRTH =
      on("date_of_birth", "Date of birth", "contact", MEDIUM, REQUIRED, "a day that exists");

  static final SensitiveKind IP_ADDRESS =
      on(
          "ip_address",
          "IP address (v4, v6)",
          "network",
          LOW,
          RAISES,
          "form; private, documentation and loopback ranges");
  static final SensitiveKind MAC_ADDRESS =
      off("mac_address", "MAC address", "network", LOW, NOT_READ, "form");
  static final SensitiveKind IMEI =
      on("imei", "Device number of a telephone (IMEI)", "network", MEDIUM, REQUIRED, "Luhn");
  static final SensitiveKind GEO_COORDINATES =
      off(
          "geo_coordinates",
          "Geographic coordinates",
          "network",
          LOW,
          REQUIRED,
          "range, three decimals");

  static final SensitiveKind CREDIT_CARD =
      on(
          "credit_card",
          "Payment card number",
          "payment",
          HIGH,
          RAISES,
          "Luhn, issuer's range, length");
  static final SensitiveKind IBAN =
      on(
          "iban",
          "Bank account (IBAN)",
          "payment",
          MEDIUM,
          NOT_READ,
          "modulus 97, length of the country");
  static final SensitiveKind BIC =
      on("bic", "Bank (BIC)", "payment", LOW, REQUIRED, "form, country");
  static final SensitiveKind BANK_ACCOUNT =
      on("bank_account", "Bank account number", "payment", MEDIUM, REQUIRED, "length");
  static final SensitiveKind BTC_ADDRESS =
      on("btc_address", "Bitcoin address", "payment", LOW, NOT_READ, "base58check, bech32");
  static final SensitiveKind ETH_ADDRESS =
      on("eth_address", "Ethereum address", "payment", LOW, RAISES, "EIP-55");
  static final SensitiveKind LTC_ADDRESS =
      on("ltc_address", "Litecoin address", "payment", LOW, NOT_READ, "base58check, bech32");
  static final SensitiveKind TRX_ADDRESS =
      on("trx_address", "Tron address", "payment", LOW, NOT_READ, "base58check");

  static final SensitiveKind PASSPORT =
      on("passport", "Passport number", "document", HIGH, REQUIRED, "form");
  static final SensitiveKind DRIVERS_LICENCE =
      on("drivers_licence", "Driving licence number", "document", HIGH, REQUIRED, "form");
  static final SensitiveKind MEDICAL_RECORD =
      on("medical_record_number", "Medical record number", "health", HIGH, REQUIRED, "form");
  static final SensitiveKind HEALTH_INSURANCE =
      on("health_insurance_number", "Health insurance number", "health", HIGH, REQUIRED, "form");
  static final SensitiveKind VIN =
      on(
          "vin",
          "Vehicle identification number",
          "vehicle",
          LOW,
          REQUIRED,
          "alphabet, length; check character");
  static final SensitiveKind LICENCE_PLATE =
      off("licence_plate", "Vehicle registration plate", "vehicle", LOW, REQUIRED, "form");

  static final SensitiveKind US_SSN =
      id("us_ssn", "Social security number", "US", RAISES, "areas and groups that are given");
  static final SensitiveKind US_ITIN =
      id("us_itin", "Individual taxpayer number", "US", REQUIRED, "groups that are given");
  static final SensitiveKind US_EIN =
      id("us_ein", "Employer identification number", "US", REQUIRED, "prefixes that are given");
  static final SensitiveKind ABA_ROUTING =
      id("us_aba_routing", "Bank routing number", "US", REQUIRED, "weights 3, 7, 1; district");
  static final SensitiveKind US_MBI = id("us_mbi", "Medicare beneficiary", "US", REQUIRED, "form");
  static final SensitiveKind US_NPI = id("us_npi", "Health care provider", "US", REQUIRED, "Luhn");
  static final SensitiveKind US_DEA =
      id("us_dea", "DEA registration", "US", REQUIRED, "check digit");
  static final SensitiveKind UK_NINO =
      id("uk_nino", "National insurance number", "GB", RAISES, "letters that are given");
  static final SensitiveKind UK_NHS = id("uk_nhs", "NHS number", "GB", REQUIRED, "modulus 11");
  static final SensitiveKind UK_SORT_CODE =
      id("uk_sort_code", "Bank sort code", "GB", REQUIRED, "form");
  static final SensitiveKind DE_TAX_ID =
      id("de_tax_id", "Steuer-Identifikationsnummer", "DE", REQUIRED, "ISO 7064, repeated digits");
  static final SensitiveKind DE_ID_CARD =
      id("de_id_card", "Personalausweis", "DE", REQUIRED, "ICAO 9303");
  static final SensitiveKind DE_SOCIAL =
      id(
          "de_social_insurance",
          "Rentenversicherungsnummer",
          "DE",
          REQUIRED,
          "birthday, check digit");
  static final SensitiveKind FR_NIR =
      id("fr_nir", "Numéro de sécurité sociale", "FR", RAISES, "key of 97");
  static final SensitiveKind ES_DNI = id("es_dni", "DNI", "ES", RAISES, "letter of 23");
  static final SensitiveKind ES_NIE = id("es_nie", "NIE", "ES", RAISES, "letter of 23");
  static final SensitiveKind IT_CF =
      id("it_codice_fiscale", "Codice fiscale", "IT", NOT_READ, "control character");
  static final SensitiveKind PL_PESEL =
      id("pl_pesel", "PESEL", "PL", REQUIRED, "birthday, check digit");
  static final SensitiveKind NL_BSN =
      id("nl_bsn", "Burgerservicenummer", "NL", REQUIRED, "eleven test");
  static final SensitiveKind BE_NATIONAL =
      id("be_national_number", "Rijksregisternummer", "BE", RAISES, "modulus 97");
  static final SensitiveKind PT_NIF = id("pt_nif", "NIF", "PT", REQUIRED, "modulus 11");
  static final SensitiveKind BR_CPF = id("br_cpf", "CPF", "BR", RAISES, "two check digits");
  static final SensitiveKind BR_CNPJ = id("br_cnpj", "CNPJ", "BR", RAISES, "two check digits");
  static final SensitiveKind IN_AADHAAR = id("in_aadhaar", "Aadhaar", "IN", REQUIRED, "Verhoeff");
  static final SensitiveKind IN_PAN =
      id("in_pan", "Permanent account number", "IN", RAISES, "form, kind of holder");
  static final SensitiveKind CN_ID =
      id("cn_resident_id", "Resident identity number", "CN", RAISES, "birthday, modulus 11");
  static final SensitiveKind KR_RRN =
      id(
          "kr_rrn",
          "Resident registration number",
          "KR",
          RAISES,
          "birthday, check digit of before 2020");
  static final SensitiveKind JP_MY_NUMBER =
      id("jp_my_number", "My Number", "JP", REQUIRED, "modulus 11");
  static final SensitiveKind AU_TFN = id("au_tfn", "Tax file number", "AU", REQUIRED, "modulus 11");
  static final SensitiveKind AU_MEDICARE =
      id("au_medicare", "Medicare card", "AU", REQUIRED, "check digit");
  static final SensitiveKind CA_SIN =
      id("ca_sin", "Social insurance number", "CA", REQUIRED, "Luhn");
  static final SensitiveKind SE_PERSON =
      id("se_personnummer", "Personnummer", "SE", RAISES, "birthday, Luhn");
  static final SensitiveKind FI_HETU =
      id("fi_hetu", "Henkilötunnus", "FI", NOT_READ, "birthday, remainder by 31");
  static final SensitiveKind DK_CPR = id("dk_cpr", "CPR-nummer", "DK", REQUIRED, "birthday");
  static final SensitiveKind NO_FNR =
      id("no_fodselsnummer", "Fødselsnummer", "NO", REQUIRED, "two check digits");
  static final SensitiveKind CH_AHV = id("ch_ahv", "AHV-Nummer", "CH", RAISES, "EAN-13");
  static final SensitiveKind AT_SVNR =
      id("at_svnr", "Sozialversicherungsnummer", "AT", REQUIRED, "modulus 11");
  static final SensitiveKind IE_PPS = id("ie_pps", "PPS number", "IE", REQUIRED, "modulus 23");
  static final SensitiveKind TR_TCKN =
      id("tr_tckn", "T.C. kimlik numarası", "TR", REQUIRED, "two check digits");
  static final SensitiveKind RO_CNP =
      id("ro_cnp", "Cod numeric personal", "RO", REQUIRED, "birthday, modulus 11");
  static final SensitiveKind CZ_RC =
      id(
          "cz_rodne_cislo",
          "Rodné číslo (Czechia, Slovakia)",
          "CZ",
          RAISES,
          "birthday, divisible by 11");
  static final SensitiveKind BG_EGN = id("bg_egn", "EGN", "BG", REQUIRED, "birthday, modulus 11");
  static final SensitiveKind GR_AMKA = id("gr_amka", "AMKA", "GR", REQUIRED, "birthday, Luhn");
  static final SensitiveKind HR_OIB = id("hr_oib", "OIB", "HR", REQUIRED, "ISO 7064");
  static final SensitiveKind EE_CODE =
      id(
          "ee_isikukood",
          "Personal code (Estonia, Lithuania)",
          "EE",
          REQUIRED,
          "birthday, modulus 11");
  static final SensitiveKind ZA_ID =
      id("za_id", "Identity number", "ZA", REQUIRED, "birthday, Luhn");
  static final SensitiveKind MX_CURP = id("mx_curp", "CURP", "MX", NOT_READ, "form, check digit");
  static final SensitiveKind CL_RUT = id("cl_rut", "RUT", "CL", RAISES, "modulus 11");
  static final SensitiveKind AR_CUIT = id("ar_cuit", "CUIT, CUIL", "AR", RAISES, "modulus 11");
  static final SensitiveKind SG_NRIC = id("sg_nric", "NRIC, FIN", "SG", RAISES, "check letter");
  static final SensitiveKind TW_ID =
      id("tw_id", "National identity number", "TW", REQUIRED, "modulus 10");
  static final SensitiveKind TH_ID =
      id("th_id", "National identity number", "TH", RAISES, "modulus 11");
  static final SensitiveKind HK_ID = id("hk_id", "HKID", "HK", RAISES, "check character");
  static final SensitiveKind IL_ID = id("il_id", "Teudat zehut", "IL", REQUIRED, "Luhn");

  private PiiKinds() {}

  static List<SensitiveKind> all() {
    return List.copyOf(ALL);
  }

  private static SensitiveKind on(
      String id,
      String title,
      String group,
      Severity severity,
      SensitiveKind.Context context,
      String check) {
    return add(
        new SensitiveKind(
            id, FindingType.PII_DETECTED, title, group, "", true, severity, context, check));
  }

  private static SensitiveKind off(
      String id,
      String title,
      String group,
      Severity severity,
      SensitiveKind.Context context,
      String check) {
    return add(
        new SensitiveKind(
            id, FindingType.PII_DETECTED, title, group, "", false, severity, context, check));
  }

  private static SensitiveKind id(
      String id, String title, String country, SensitiveKind.Context context, String check) {
    boolean ofBank = id.equals("us_aba_routing") || id.equals("uk_sort_code");
    return add(
        new SensitiveKind(
            id,
            FindingType.PII_DETECTED,
            title,
            ofBank ? "payment" : "national id",
            country,
            true,
            ofBank || id.equals("us_ein") || id.equals("br_cnpj") ? MEDIUM : HIGH,
            context,
            check));
  }

  private static SensitiveKind add(SensitiveKind kind) {
    ALL.add(kind);
    return kind;
  }
}
