package io.llmtrace.policies.detect.sensitive;

import java.util.List;

/**
 * What words say about the values beside them, in the languages that we see most. A word is whole
 * unless it ends in {@code *}. Lower case.
 */
enum Cue {
  PHONE(
      "phone*|tel|telephone*|telefon*|téléphone*|teléfono*|telefone*|telefoon*|tlf|tél|mobile|mobil"
          + "|mobiltelefon|mobilnummer|mobilfunk*|handy|handynummer|cell|cellphone|cellular*|celular"
          + "|cellulare|móvil|movil|portable|gsm|call*|dial|sms|whatsapp|fax|faks|contact|contacto"
          + "|contatto|reach|text me|texted|ring me|rufnummer|anrufen|rufen|appelez|appeler|llamar"
          + "|llámame|chiamare|ligar|bellen|puhelin|hotline|courier|телефон*|тел|номер*|звоните"
          + "|電話*|电话*|手机*|携帯*|联系*|전화*|휴대폰*|연락처*|هاتف*|جوال*|טלפון*|फोन*|मोबाइल*"),
  CARD(
      "card*|credit|debit|visa|mastercard|amex|american express|discover|jcb|diners|maestro"
          + "|unionpay|pan|cc|ccn|cvv|cvc|karte*|kartennummer|kreditkarte*|carte*|tarjeta*|cartão"
          + "|cartao|carta|kaart|kort|karta|kartı|charge*|billed|payment*|карт*|信用卡*|カード*|카드*"),
  BANK(
      "iban|bank*|account*|konto*|überweis*|transfer*|compte*|cuenta*|conto|conta|rekening*"
          + "|rachunek|bic|swift|refund|payee|wire|счет*|счёт*|口座*|账户*|계좌*"),
  BIC("bic|bic/swift|swift|swift code|swift-code|bic code|bic-code"),
  ROUTING("routing|aba|rtn|ach"),
  ACCOUNT(
      "account number|account no|acct|acct no|account #|a/c no|kontonummer|numéro de compte"
          + "|número de cuenta|numero di conto|rekeningnummer|口座番号*|bank account"),
  SORT_CODE("sort code|sort-code|sortcode"),
  IP(
      "ip|ipv4|ipv6|address|host|server|client*|remote*|addr|from|x-forwarded-for|subnet|gateway"
          + "|dns|peer|blocked|login"),
  NOT_AN_IP(
      "version|versions|ver|section|sections|chapter|release|released|oid|build|clause|paragraph"
          + "|figure|firmware|rev|revision|kernel|abschnitt|kapitel|§|v"),
  ORDER(
      "order|orders|tracking|invoice*|batch|sku|reference|ref|ticket|case|shipment|serial|item"
          + "|items|product|model|isbn|issn|doi|article|part|parcel|consignment|bestellung*"
          + "|bestellnummer|rechnung*|sendungsnummer|commande|facture|pedido|factura|ordine|fattura"
          + "|timestamp|unix|epoch|trace*|request_id|commit|checksum|md5|sha1|sha256|uuid"),
  BIRTH(
      "dob|date of birth|birth date|birthdate|birthday|date_of_birth|birth_date|dateofbirth|born"
          + "|born on|geburtsdatum|geboren|geb|date de naissance|né le|née le|fecha de nacimiento"
          + "|nacido|nacida|data di nascita|nato il|nata il|data de nascimento|geboortedatum"
          + "|data urodzenia|födelsedatum|fødselsdato|syntymäaika|дата рождения|生年月日|出生日期"
          + "|생년월일|doğum tarihi"),
  US_SSN("ssn|ssns|social security*|social sec*|social|soc sec|ss#|ssno|sosec|seguro social"),
  US_ITIN("itin|individual taxpayer*|taxpayer id*|tax id*"),
  US_EIN("ein|fein|employer identification*|employer id*|federal tax id*|tax id*"),
  US_MEDICARE("medicare*|mbi|beneficiary*"),
  US_NPI("npi|national provider*"),
  US_DEA("dea"),
  UK_NINO("nino|ni number|national insurance*|ni no|n.i.|nat ins*"),
  UK_NHS("nhs*"),
  DE_TAX(
      "steuer-id*|steuerid*|steuer id*|steueridentifikationsnummer|identifikationsnummer|idnr"
          + "|steuerliche*|tin|tax id*"),
  DE_ID_CARD("personalausweis*|ausweisnummer|ausweis*|id card*|personalausweisnummer"),
  DE_SOCIAL("rentenversicherung*|sozialversicherung*|versicherungsnummer|svnr|sv-nummer|rvnr"),
  FR_NIR("nir|sécurité sociale*|securite sociale*|numéro de sécu*|insee|sécu|secu|numéro ss"),
  ES_DNI("dni|nif|nie|documento*|identidad|extranjero"),
  IT_CF("codice fiscale*|cod. fisc*|c.f.|cf|fiscale"),
  PL_PESEL("pesel*"),
  NL_BSN("bsn|burgerservicenummer|sofinummer|sofi*"),
  BE_NATIONAL("rijksregister*|registre national*|numéro national*|nationaal nummer|insz|niss|rrn"),
  PT_NIF("nif|contribuinte|nº de contribuinte|fiscal"),
  BR_CPF("cpf|cadastro de pessoa*"),
  BR_CNPJ("cnpj"),
  IN_AADHAAR("aadhaar*|aadhar*|adhaar*|uidai|uid|आधार*"),
  IN_PAN("pan|permanent account*|income tax"),
  CN_ID("身份证*|身份證*|resident id*|公民身份*|id card*|identity card*"),
  KR_RRN("주민*|rrn|resident registration*"),
  JP_MY_NUMBER("マイナンバー*|個人番号*|my number*|mynumber*|individual number*"),
  AU_TFN("tfn|tax file*"),
  AU_MEDICARE("medicare*"),
  CA_SIN("sin|social insurance*|nas|assurance sociale*"),
  SE_PERSON("personnummer*|samordningsnummer|personal identity*|pnr"),
  FI_HETU("hetu|henkilötunnus*|personal identity*"),
  DK_CPR("cpr*|cpr-nr|cpr-nummer|personnummer"),
  NO_FNR("fødselsnummer*|fodselsnummer*|fnr|personnummer|d-nummer"),
  CH_AHV("ahv*|avs|sozialversicherungsnummer|oasi"),
  AT_SVNR("sozialversicherungsnummer|svnr|sv-nummer|svnummer|versicherungsnummer"),
  IE_PPS("pps|ppsn|pps number|pps no"),
  TR_TCKN("tckn|tc kimlik*|kimlik*|t.c.*"),
  RO_CNP("cnp|cod numeric*"),
  CZ_RC("rodné číslo|rodne cislo|rodného čísla|rč"),
  BG_EGN("егн|egn"),
  GR_AMKA("αμκα|amka"),
  HR_OIB("oib"),
  EE_CODE("isikukood|asmens kodas|personal code"),
  ZA_ID("id number*|identity number*|south african id*|sa id|id no"),
  MX_CURP("curp"),
  CL_RUT("rut|run|rol único*"),
  AR_CUIT("cuit|cuil"),
  SG_NRIC("nric|fin|singapore"),
  TW_ID("身分證*|national id*"),
  TH_ID("บัตรประชาชน*|thai id*|citizen id*|เลขประจำตัว*"),
  HK_ID("hkid*|香港身份證*"),
  IL_ID("teudat zehut|תעודת זהות|ת.ז.|israeli id*"),
  PASSPORT(
      "passport*|reisepass*|passnummer|passeport*|pasaporte*|passaporto*|passaporte*|paspoort*"
          + "|paszport*|паспорт*|护照*|旅券*|パスポート*|여권*"),
  LICENCE(
      "driver's licen*|drivers licen*|driver licen*|driving licen*|driver’s licen*|dl number|dl no"
          + "|dl#|führerschein*|fuhrerschein*|permis de conduire*|carnet de conducir"
          + "|licencia de conducir|patente di guida|carta de condução|cnh|rijbewijs*|prawo jazdy"),
  PLATE(
      "licence plate*|license plate*|plate number|number plate*|registration plate*|kennzeichen"
          + "|plaque d'immatriculation|immatriculation|matrícula|targa|kenteken"),
  MEDICAL_RECORD(
      "mrn|medical record*|patient id*|patient number|patient no|chart number|patientennummer"
          + "|dossier médical|historia clínica|hospital number"),
  HEALTH_INSURANCE(
      "health insurance*|insurance number|member id|policy number|krankenversicherten*"
          + "|versichertennummer|kvnr|health card*|carte vitale"),
  VIN(
      "vin|vehicle identification*|chassis*|fahrgestellnummer|fin|fahrzeug-ident*|bastidor|vehicle"),
  IMEI("imei*"),
  MAC("mac|ether|hwaddr|hardware address"),
  CRYPTO(
      "btc|bitcoin*|wallet*|eth|ethereum|crypto*|ltc|litecoin|trx|tron|usdt|address|donate|coin*"),
  GEO("latitude|longitude|lat|lon|lng|gps|coordinates|coords|koordinaten|coordonnées|coordenadas"),
  AWS("aws*|amazon*|akia*|asia*|s3"),
  SEED("seed phrase|mnemonic*|recovery phrase|secret phrase|backup phrase|seed words"),
  CSV_NAME("name,*|,name,*");

  private final String words;

  Cue(String words) {
    this.words = words;
  }

  List<String> words() {
    return List.of(words.split("\\|", -1));
  }
}
