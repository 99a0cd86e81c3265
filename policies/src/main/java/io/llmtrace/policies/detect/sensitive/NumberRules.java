package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Numbers of registers: how they are written, what is checked, which words name them. */
final class NumberRules {
  /**
   * One way of writing one kind.
   *
   * @param lengths digits of each group
   * @param separators what stands between the groups; {@code -} is any of blank, hyphen and full
   *     stop, {@code _} a blank or hyphen, anything else itself
   * @param check of the digits alone
   * @param bare confidence where no word names it; 0 where it then is no finding
   * @param named confidence where one does
   */
  record Rule(
      SensitiveKind kind,
      List<Integer> lengths,
      String separators,
      Predicate<String> check,
      Cue cue,
      double bare,
      double named) {}

  private static final int MOST_DIGITS = 18;
  private static final List<List<Rule>> BY_DIGITS = new ArrayList<>();

  static {
    for (int i = 0; i <= MOST_DIGITS; i++) {
      BY_DIGITS.add(new ArrayList<>());
    }
    Predicate<String> any = digits -> true;
    add(PiiKinds.US_SSN, AmericanIds::usSsn, Cue.US_SSN, 0.97, "3-2-4=0.75", "9");
    add(PiiKinds.US_ITIN, AmericanIds::usItin, Cue.US_ITIN, 0.95, "3-2-4", "9");
    add(PiiKinds.US_EIN, AmericanIds::usEin, Cue.US_EIN, 0.85, "2_7", "9");
    add(PiiKinds.ABA_ROUTING, AmericanIds::abaRouting, Cue.ROUTING, 0.9, "9", "4-4-1");
    add(PiiKinds.US_NPI, AmericanIds::usNpi, Cue.US_NPI, 0.95, "10");
    add(PiiKinds.UK_NHS, EuropeanIds::ukNhs, Cue.UK_NHS, 0.97, "3-3-4", "10");
    add(PiiKinds.UK_SORT_CODE, any, Cue.SORT_CODE, 0.9, "2_2_2", "6");
    add(PiiKinds.DE_TAX_ID, EuropeanIds::deTaxId, Cue.DE_TAX, 0.97, "11", "2-3-3-3");
    add(
        PiiKinds.FR_NIR,
        EuropeanIds::frNir,
        Cue.FR_NIR,
        0.99,
        "15=0.8",
        "13_2=0.85",
        "1_2_2_2_3_3_2=0.95",
        "1_2_2_2_3_3-2=0.95");
    add(PiiKinds.PL_PESEL, EuropeanIds::plPesel, Cue.PL_PESEL, 0.97, "11");
    add(PiiKinds.NL_BSN, EuropeanIds::nlBsn, Cue.NL_BSN, 0.97, "9", "4-2-3", "3-3-3");
    add(
        PiiKinds.BE_NATIONAL,
        EuropeanIds::beNationalNumber,
        Cue.BE_NATIONAL,
        0.98,
        "2.2.2-3.2=0.9",
        "11",
        "6_3_2",
        "2_2_2_3_2");
    add(PiiKinds.PT_NIF, EuropeanIds::ptNif, Cue.PT_NIF, 0.95, "9", "3-3-3");
    add(PiiKinds.BR_CPF, AmericanIds::brCpf, Cue.BR_CPF, 0.98, "3.3.3-2=0.9", "11", "9_2");
    add(PiiKinds.BR_CNPJ, AmericanIds::brCnpj, Cue.BR_CNPJ, 0.98, "2.3.3/4-2=0.9", "14");
    add(PiiKinds.IN_AADHAAR, AsiaAfricaPacificIds::inAadhaar, Cue.IN_AADHAAR, 0.97, "4_4_4", "12");
    add(PiiKinds.CN_ID, AsiaAfricaPacificIds::cnResidentId, Cue.CN_ID, 0.99, "18=0.9", "6_8_4=0.9");
    add(
        PiiKinds.KR_RRN,
        d -> AsiaAfricaPacificIds.krRrn(d) && AsiaAfricaPacificIds.krRrnChecked(d),
        Cue.KR_RRN,
        0.98,
        "6-7=0.8",
        "13");
    add(PiiKinds.KR_RRN, AsiaAfricaPacificIds::krRrn, Cue.KR_RRN, 0.85, "6-7", "13");
    add(
        PiiKinds.JP_MY_NUMBER,
        AsiaAfricaPacificIds::jpMyNumber,
        Cue.JP_MY_NUMBER,
        0.97,
        "12",
        "4_4_4");
    add(PiiKinds.AU_TFN, AsiaAfricaPacificIds::auTfn, Cue.AU_TFN, 0.97, "9", "3_3_3");
    add(
        PiiKinds.AU_MEDICARE,
        AsiaAfricaPacificIds::auMedicare,
        Cue.AU_MEDICARE,
        0.93,
        "10",
        "4_5_1");
    add(PiiKinds.CA_SIN, AmericanIds::caSin, Cue.CA_SIN, 0.96, "3-3-3", "9");
    add(
        PiiKinds.SE_PERSON,
        EuropeanIds::sePersonnummer,
        Cue.SE_PERSON,
        0.98,
        "6-4=0.6",
        "8-4=0.85",
        "10",
        "12");
    add(PiiKinds.DK_CPR, EuropeanIds::dkCpr, Cue.DK_CPR, 0.93, "6_4", "10");
    add(PiiKinds.NO_FNR, EuropeanIds::noFodselsnummer, Cue.NO_FNR, 0.98, "11", "6_5");
    add(PiiKinds.CH_AHV, EuropeanIds::chAhv, Cue.CH_AHV, 0.99, "3.4.4.2=0.95", "13");
    add(PiiKinds.AT_SVNR, EuropeanIds::atSvnr, Cue.AT_SVNR, 0.95, "10", "4_6");
    add(PiiKinds.TR_TCKN, EuropeanIds::trTckn, Cue.TR_TCKN, 0.97, "11");
    add(PiiKinds.RO_CNP, EuropeanIds::roCnp, Cue.RO_CNP, 0.97, "13");
    add(PiiKinds.CZ_RC, EuropeanIds::czRodneCislo, Cue.CZ_RC, 0.97, "6/4=0.75", "10");
    add(PiiKinds.BG_EGN, EuropeanIds::bgEgn, Cue.BG_EGN, 0.97, "10");
    add(PiiKinds.GR_AMKA, EuropeanIds::grAmka, Cue.GR_AMKA, 0.97, "11");
    add(PiiKinds.HR_OIB, CheckDigits::mod11And10, Cue.HR_OIB, 0.97, "11");
    add(PiiKinds.EE_CODE, EuropeanIds::eeIsikukood, Cue.EE_CODE, 0.97, "11");
    add(PiiKinds.ZA_ID, AsiaAfricaPacificIds::zaId, Cue.ZA_ID, 0.95, "13", "6_4_2_1", "6_4_3");
    add(
        PiiKinds.CL_RUT,
        AmericanIds::clRut,
        Cue.CL_RUT,
        0.97,
        "2.3.3-1=0.85",
        "1.3.3-1=0.8",
        "8_1",
        "7_1",
        "9");
    add(PiiKinds.AR_CUIT, AmericanIds::arCuit, Cue.AR_CUIT, 0.97, "2-8-1=0.85", "11");
    add(PiiKinds.TH_ID, AsiaAfricaPacificIds::thId, Cue.TH_ID, 0.97, "1_4_5_2_1=0.9", "13");
    add(PiiKinds.IL_ID, CheckDigits::luhn, Cue.IL_ID, 0.95, "9", "8_1");
    add(PiiKinds.IMEI, CheckDigits::luhn, Cue.IMEI, 0.97, "15", "2_6_6_1", "8_6_1");
  }

  private NumberRules() {}

  /** The rules for a number of digits. */
  static List<Rule> of(int digits) {
    return digits <= MOST_DIGITS ? BY_DIGITS.get(digits) : List.of();
  }

  private static void add(
      SensitiveKind kind, Predicate<String> check, Cue cue, double named, String... forms) {
    for (String form : forms) {
      String[] parts = form.split("=", -1);
      String[] groups = parts[0].split("[^0-9]", -1);
      List<Integer> lengths = new ArrayList<>();
      int digits = 0;
      for (String group : groups) {
        lengths.add(Integer.valueOf(group));
        digits += lengths.get(lengths.size() - 1);
      }
      double bare = parts.length == 1 ? 0 : Double.parseDouble(parts[1]);
      BY_DIGITS
          .get(digits)
          .add(
              new Rule(
                  kind,
                  List.copyOf(lengths),
                  parts[0].replaceAll("[0-9]", ""),
                  check,
                  cue,
                  bare,
                  named));
    }
  }
}
