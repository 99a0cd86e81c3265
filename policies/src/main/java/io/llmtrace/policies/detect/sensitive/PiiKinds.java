package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Kinds of personal data. */
final class PiiKinds {
  /** Kind, title, group, country, whether on by default, severity, context, check. */
  private static final String TABLE =
      """
      email | E-mail address | contact | | on | low | not_read | form, no file name
      phone | Telephone number | contact | | on | low | raises | libphonenumber, shape of the country
      person_name | Name of a person | contact | | off | low | required | words before it, common given names
      postal_address | Postal address | contact | | off | low | required | street and number
      date_of_birth | Date of birth | contact | | on | low | required | a day that exists
      ip_address | IP address (v4, v6) | network | | on | low | raises | form; private, documentation and loopback ranges
      mac_address | MAC address | network | | off | low | not_read | form
      imei | Device number of a telephone (IMEI) | network | | on | medium | required | Luhn
      geo_coordinates | Geographic coordinates | network | | off | low | required | range, three decimals
      credit_card | Payment card number | payment | | on | high | raises | Luhn, issuer's range, length
      iban | Bank account (IBAN) | payment | | on | medium | not_read | modulus 97, length of the country
      bic | Bank (BIC) | payment | | on | low | required | form, country
      bank_account | Bank account number | payment | | on | medium | required | length
      btc_address | Bitcoin address | payment | | on | low | not_read | base58check, bech32
      eth_address | Ethereum address | payment | | on | low | raises | EIP-55
      ltc_address | Litecoin address | payment | | on | low | not_read | base58check, bech32
      trx_address | Tron address | payment | | on | low | not_read | base58check
      passport | Passport number | document | | on | high | required | form
      drivers_licence | Driving licence number | document | | on | high | required | form
      medical_record_number | Medical record number | health | | on | high | required | form
      health_insurance_number | Health insurance number | health | | on | high | required | form
      vin | Vehicle identification number | vehicle | | on | low | required | alphabet, length; check character
      licence_plate | Vehicle registration plate | vehicle | | off | low | required | form
      us_ssn | Social security number | national id | US | on | high | raises | areas and groups that are given
      us_itin | Individual taxpayer number | national id | US | on | high | required | groups that are given
      us_ein | Employer identification number | national id | US | on | medium | required | prefixes that are given
      us_aba_routing | Bank routing number | payment | US | on | medium | required | weights 3, 7, 1; district
      us_mbi | Medicare beneficiary | national id | US | on | high | required | form
      us_npi | Health care provider | national id | US | on | high | required | Luhn
      us_dea | DEA registration | national id | US | on | high | required | check digit
      uk_nino | National insurance number | national id | GB | on | high | raises | letters that are given
      uk_nhs | NHS number | national id | GB | on | high | required | modulus 11
      uk_sort_code | Bank sort code | payment | GB | on | medium | required | form
      de_tax_id | Steuer-Identifikationsnummer | national id | DE | on | high | required | ISO 7064, repeated digits
      de_id_card | Personalausweis | national id | DE | on | high | required | ICAO 9303
      de_social_insurance | Rentenversicherungsnummer | national id | DE | on | high | required | birthday, check digit
      fr_nir | Numéro de sécurité sociale | national id | FR | on | high | raises | key of 97
      es_dni | DNI | national id | ES | on | high | raises | letter of 23
      es_nie | NIE | national id | ES | on | high | raises | letter of 23
      it_codice_fiscale | Codice fiscale | national id | IT | on | high | not_read | control character
      pl_pesel | PESEL | national id | PL | on | high | required | birthday, check digit
      nl_bsn | Burgerservicenummer | national id | NL | on | high | required | eleven test
      be_national_number | Rijksregisternummer | national id | BE | on | high | raises | modulus 97
      pt_nif | NIF | national id | PT | on | high | required | modulus 11
      br_cpf | CPF | national id | BR | on | high | raises | two check digits
      br_cnpj | CNPJ | national id | BR | on | medium | raises | two check digits
      in_aadhaar | Aadhaar | national id | IN | on | high | required | Verhoeff
      in_pan | Permanent account number | national id | IN | on | high | raises | form, kind of holder
      cn_resident_id | Resident identity number | national id | CN | on | high | raises | birthday, modulus 11
      kr_rrn | Resident registration number | national id | KR | on | high | raises | birthday, check digit of before 2020
      jp_my_number | My Number | national id | JP | on | high | required | modulus 11
      au_tfn | Tax file number | national id | AU | on | high | required | modulus 11
      au_medicare | Medicare card | national id | AU | on | high | required | check digit
      ca_sin | Social insurance number | national id | CA | on | high | required | Luhn
      se_personnummer | Personnummer | national id | SE | on | high | raises | birthday, Luhn
      fi_hetu | Henkilötunnus | national id | FI | on | high | not_read | birthday, remainder by 31
      dk_cpr | CPR-nummer | national id | DK | on | high | required | birthday
      no_fodselsnummer | Fødselsnummer | national id | NO | on | high | required | two check digits
      ch_ahv | AHV-Nummer | national id | CH | on | high | raises | EAN-13
      at_svnr | Sozialversicherungsnummer | national id | AT | on | high | required | modulus 11
      ie_pps | PPS number | national id | IE | on | high | required | modulus 23
      tr_tckn | T.C. kimlik numarası | national id | TR | on | high | required | two check digits
      ro_cnp | Cod numeric personal | national id | RO | on | high | required | birthday, modulus 11
      cz_rodne_cislo | Rodné číslo (Czechia, Slovakia) | national id | CZ | on | high | raises | birthday, divisible by 11
      bg_egn | EGN | national id | BG | on | high | required | birthday, modulus 11
      gr_amka | AMKA | national id | GR | on | high | required | birthday, Luhn
      hr_oib | OIB | national id | HR | on | high | required | ISO 7064
      ee_isikukood | Personal code (Estonia, Lithuania) | national id | EE | on | high | required | birthday, modulus 11
      za_id | Identity number | national id | ZA | on | high | required | birthday, Luhn
      mx_curp | CURP | national id | MX | on | high | not_read | form, check digit
      cl_rut | RUT | national id | CL | on | high | raises | modulus 11
      ar_cuit | CUIT, CUIL | national id | AR | on | high | raises | modulus 11
      sg_nric | NRIC, FIN | national id | SG | on | high | raises | check letter
      tw_id | National identity number | national id | TW | on | high | required | modulus 10
      th_id | National identity number | national id | TH | on | high | raises | modulus 11
      hk_id | HKID | national id | HK | on | high | raises | check character
      il_id | Teudat zehut | national id | IL | on | high | required | Luhn
      """;

  private static final Map<String, SensitiveKind> ALL = read();

  static final SensitiveKind EMAIL = kind("email");
  static final SensitiveKind PHONE = kind("phone");
  static final SensitiveKind PERSON_NAME = kind("person_name");
  static final SensitiveKind POSTAL_ADDRESS = kind("postal_address");
  static final SensitiveKind DATE_OF_BIRTH = kind("date_of_birth");
  static final SensitiveKind IP_ADDRESS = kind("ip_address");
  static final SensitiveKind MAC_ADDRESS = kind("mac_address");
  static final SensitiveKind IMEI = kind("imei");
  static final SensitiveKind GEO_COORDINATES = kind("geo_coordinates");
  static final SensitiveKind CREDIT_CARD = kind("credit_card");
  static final SensitiveKind IBAN = kind("iban");
  static final SensitiveKind BIC = kind("bic");
  static final SensitiveKind BANK_ACCOUNT = kind("bank_account");
  static final SensitiveKind BTC_ADDRESS = kind("btc_address");
  static final SensitiveKind ETH_ADDRESS = kind("eth_address");
  static final SensitiveKind LTC_ADDRESS = kind("ltc_address");
  static final SensitiveKind TRX_ADDRESS = kind("trx_address");
  static final SensitiveKind PASSPORT = kind("passport");
  static final SensitiveKind DRIVERS_LICENCE = kind("drivers_licence");
  static final SensitiveKind MEDICAL_RECORD = kind("medical_record_number");
  static final SensitiveKind HEALTH_INSURANCE = kind("health_insurance_number");
  static final SensitiveKind VIN = kind("vin");
  static final SensitiveKind LICENCE_PLATE = kind("licence_plate");
  static final SensitiveKind US_SSN = kind("us_ssn");
  static final SensitiveKind US_ITIN = kind("us_itin");
  static final SensitiveKind US_EIN = kind("us_ein");
  static final SensitiveKind ABA_ROUTING = kind("us_aba_routing");
  static final SensitiveKind US_MBI = kind("us_mbi");
  static final SensitiveKind US_NPI = kind("us_npi");
  static final SensitiveKind US_DEA = kind("us_dea");
  static final SensitiveKind UK_NINO = kind("uk_nino");
  static final SensitiveKind UK_NHS = kind("uk_nhs");
  static final SensitiveKind UK_SORT_CODE = kind("uk_sort_code");
  static final SensitiveKind DE_TAX_ID = kind("de_tax_id");
  static final SensitiveKind DE_ID_CARD = kind("de_id_card");
  static final SensitiveKind DE_SOCIAL = kind("de_social_insurance");
  static final SensitiveKind FR_NIR = kind("fr_nir");
  static final SensitiveKind ES_DNI = kind("es_dni");
  static final SensitiveKind ES_NIE = kind("es_nie");
  static final SensitiveKind IT_CF = kind("it_codice_fiscale");
  static final SensitiveKind PL_PESEL = kind("pl_pesel");
  static final SensitiveKind NL_BSN = kind("nl_bsn");
  static final SensitiveKind BE_NATIONAL = kind("be_national_number");
  static final SensitiveKind PT_NIF = kind("pt_nif");
  static final SensitiveKind BR_CPF = kind("br_cpf");
  static final SensitiveKind BR_CNPJ = kind("br_cnpj");
  static final SensitiveKind IN_AADHAAR = kind("in_aadhaar");
  static final SensitiveKind IN_PAN = kind("in_pan");
  static final SensitiveKind CN_ID = kind("cn_resident_id");
  static final SensitiveKind KR_RRN = kind("kr_rrn");
  static final SensitiveKind JP_MY_NUMBER = kind("jp_my_number");
  static final SensitiveKind AU_TFN = kind("au_tfn");
  static final SensitiveKind AU_MEDICARE = kind("au_medicare");
  static final SensitiveKind CA_SIN = kind("ca_sin");
  static final SensitiveKind SE_PERSON = kind("se_personnummer");
  static final SensitiveKind FI_HETU = kind("fi_hetu");
  static final SensitiveKind DK_CPR = kind("dk_cpr");
  static final SensitiveKind NO_FNR = kind("no_fodselsnummer");
  static final SensitiveKind CH_AHV = kind("ch_ahv");
  static final SensitiveKind AT_SVNR = kind("at_svnr");
  static final SensitiveKind IE_PPS = kind("ie_pps");
  static final SensitiveKind TR_TCKN = kind("tr_tckn");
  static final SensitiveKind RO_CNP = kind("ro_cnp");
  static final SensitiveKind CZ_RC = kind("cz_rodne_cislo");
  static final SensitiveKind BG_EGN = kind("bg_egn");
  static final SensitiveKind GR_AMKA = kind("gr_amka");
  static final SensitiveKind HR_OIB = kind("hr_oib");
  static final SensitiveKind EE_CODE = kind("ee_isikukood");
  static final SensitiveKind ZA_ID = kind("za_id");
  static final SensitiveKind MX_CURP = kind("mx_curp");
  static final SensitiveKind CL_RUT = kind("cl_rut");
  static final SensitiveKind AR_CUIT = kind("ar_cuit");
  static final SensitiveKind SG_NRIC = kind("sg_nric");
  static final SensitiveKind TW_ID = kind("tw_id");
  static final SensitiveKind TH_ID = kind("th_id");
  static final SensitiveKind HK_ID = kind("hk_id");
  static final SensitiveKind IL_ID = kind("il_id");

  private PiiKinds() {}

  static List<SensitiveKind> all() {
    return List.copyOf(ALL.values());
  }

  private static SensitiveKind kind(String id) {
    return Objects.requireNonNull(ALL.get(id), id);
  }

  private static Map<String, SensitiveKind> read() {
    Map<String, SensitiveKind> kinds = new LinkedHashMap<>();
    for (List<String> cells : Table.rows(TABLE)) {
      kinds.put(
          cells.get(0),
          new SensitiveKind(
              cells.get(0),
              FindingType.PII_DETECTED,
              cells.get(1),
              cells.get(2),
              cells.get(3),
              cells.get(4).equals("on"),
              Severity.of(cells.get(5)),
              SensitiveKind.Context.valueOf(cells.get(6).toUpperCase(Locale.ROOT)),
              cells.get(7)));
    }
    return kinds;
  }
}
