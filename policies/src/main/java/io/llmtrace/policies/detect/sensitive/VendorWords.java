package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Secrets that look like any other random string: the name of their issuer beside them, an
 * assignment, and their alphabet and length tell them.
 */
final class VendorWords {
  /**
   * One issuer.
   *
   * @param words names of it, lower case, any of which must stand shortly before the value
   */
  record Vendor(SensitiveKind kind, List<String> words, List<Form> forms) {
    boolean fits(String value) {
      return forms.stream().anyMatch(form -> form.fits(value));
    }
  }

  /** An alphabet and a length. */
  record Form(IntPredicate alphabet, int least, int most) {
    boolean fits(String value) {
      return value.length() >= least && value.length() <= most && value.chars().allMatch(alphabet);
    }
  }

  private static final List<Vendor> MADE = new ArrayList<>();

  static {
    add(
        "aws_session_token",
        "AWS session token",
        "cloud",
        CRITICAL,
        "aws_session_token|awssessiontoken|x-amz-security-token",
        form(VendorWords::base64, 100, 2000));
    add(
        "gcp_service_account_key",
        "Google Cloud service account key id",
        "cloud",
        HIGH,
        "private_key_id",
        form(VendorWords::lowerHex, 40, 40));
    add(
        "azure_openai_key",
        "Azure AI services key",
        "cloud",
        CRITICAL,
        "azure|cognitive|ocp-apim-subscription",
        form(VendorWords::lowerHex, 32, 32),
        form(VendorWords::alnum, 84, 84));
    add(
        "alibaba_secret_key",
        "Alibaba Cloud secret key",
        "cloud",
        CRITICAL,
        "alibaba|aliyun|alicloud",
        form(VendorWords::alnum, 30, 30));
    add(
        "cloudflare_api_key",
        "Cloudflare token or global key",
        "cloud",
        CRITICAL,
        "cloudflare|cf_api|cf-api|x-auth-key",
        form(VendorWords::url, 40, 40),
        form(VendorWords::lowerHex, 37, 37));
    add(
        "heroku_uuid_key",
        "Heroku API key (older form)",
        "cloud",
        CRITICAL,
        "heroku",
        form(VendorWords::uuid, 36, 36));
    add(
        "linode_token",
        "Linode token",
        "cloud",
        CRITICAL,
        "linode",
        form(VendorWords::lowerHex, 64, 64));
    add(
        "ibm_cloud_key",
        "IBM Cloud API key",
        "cloud",
        CRITICAL,
        "ibm_cloud|ibmcloud|ibm cloud|ic_api",
        form(VendorWords::url, 44, 44));
    add("fastly_token", "Fastly token", "cloud", HIGH, "fastly", form(VendorWords::url, 32, 32));
    add(
        "confluent_secret",
        "Confluent secret",
        "cloud",
        HIGH,
        "confluent",
        form(VendorWords::base64, 64, 64));
    add(
        "jenkins_token",
        "Jenkins token",
        "build",
        HIGH,
        "jenkins",
        form(VendorWords::lowerHex, 34, 34));
    add("snyk_token", "Snyk token", "build", HIGH, "snyk", form(VendorWords::uuid, 36, 36));
    add(
        "travis_token",
        "Travis CI token",
        "build",
        HIGH,
        "travis",
        form(VendorWords::alnum, 22, 22));
    add(
        "codecov_token",
        "Codecov token",
        "build",
        HIGH,
        "codecov",
        form(VendorWords::uuid, 36, 36),
        form(VendorWords::lower, 32, 32));
    add(
        "twilio_auth_token",
        "Twilio auth token",
        "telephony",
        HIGH,
        "twilio",
        form(VendorWords::lowerHex, 32, 32));
    add(
        "postmark_token",
        "Postmark token",
        "e-mail",
        HIGH,
        "postmark",
        form(VendorWords::uuid, 36, 36));
    add(
        "mailgun_signing_key",
        "Mailgun key (older form)",
        "e-mail",
        HIGH,
        "mailgun",
        form(VendorWords::uuid, 50, 50),
        form(VendorWords::lowerHex, 32, 32));
    add(
        "datadog_key",
        "Datadog API or application key",
        "monitoring",
        HIGH,
        "datadog|dd_api|dd_app|dd-api|dd-application",
        form(VendorWords::lowerHex, 32, 32),
        form(VendorWords::lowerHex, 40, 40));
    add(
        "pagerduty_key",
        "PagerDuty key",
        "monitoring",
        HIGH,
        "pagerduty|pager_duty",
        form(VendorWords::url, 20, 20),
        form(VendorWords::lowerHex, 32, 32));
    add(
        "rollbar_token",
        "Rollbar token",
        "monitoring",
        HIGH,
        "rollbar",
        form(VendorWords::lowerHex, 32, 32));
    add(
        "sumologic_key",
        "Sumo Logic key",
        "monitoring",
        HIGH,
        "sumo",
        form(VendorWords::alnum, 64, 64));
    add(
        "cohere_key",
        "Cohere key",
        "ai",
        HIGH,
        "cohere|co_api_key",
        form(VendorWords::alnum, 40, 40));
    add("mistral_key", "Mistral key", "ai", HIGH, "mistral", form(VendorWords::alnum, 32, 32));
    add(
        "wandb_key",
        "Weights and Biases key",
        "ai",
        HIGH,
        "wandb|weights_and_biases",
        form(VendorWords::lowerHex, 40, 40));
    add(
        "assemblyai_key",
        "AssemblyAI key",
        "ai",
        HIGH,
        "assemblyai|assembly_ai",
        form(VendorWords::lowerHex, 32, 32));
    add(
        "deepgram_key",
        "Deepgram key",
        "ai",
        HIGH,
        "deepgram",
        form(VendorWords::lowerHex, 40, 40));
    add("okta_token", "Okta token", "service", HIGH, "okta|ssws", form(VendorWords::url, 42, 42));
    add(
        "algolia_key",
        "Algolia key",
        "service",
        HIGH,
        "algolia",
        form(VendorWords::lowerHex, 32, 32));
    add(
        "asana_token",
        "Asana token",
        "service",
        HIGH,
        "asana",
        form(VendorWords::lowerHex, 32, 32),
        form(c -> lowerHex(c) || c == '/' || c == ':', 36, 60));
    add(
        "intercom_token",
        "Intercom token",
        "service",
        HIGH,
        "intercom",
        form(VendorWords::base64, 60, 60));
    add("zendesk_key", "Zendesk key", "service", HIGH, "zendesk", form(VendorWords::alnum, 40, 40));
    add(
        "trello_key",
        "Trello key or token",
        "service",
        HIGH,
        "trello",
        form(VendorWords::lowerHex, 32, 32),
        form(VendorWords::lowerHex, 64, 64));
    add(
        "spotify_secret",
        "Spotify client secret",
        "service",
        HIGH,
        "spotify",
        form(VendorWords::lowerHex, 32, 32));
    add(
        "twitch_token",
        "Twitch token",
        "service",
        HIGH,
        "twitch",
        form(VendorWords::lower, 30, 30));
    add(
        "bitly_token",
        "Bitly token",
        "service",
        HIGH,
        "bitly",
        form(VendorWords::lowerHex, 40, 40));
    add("binance_key", "Binance key", "payment", HIGH, "binance", form(VendorWords::alnum, 64, 64));
    add(
        "coinbase_key",
        "Coinbase key",
        "payment",
        HIGH,
        "coinbase",
        form(VendorWords::url, 64, 64));
  }

  private static final List<Vendor> ALL = List.copyOf(MADE);

  private VendorWords() {}

  static List<Vendor> all() {
    return ALL;
  }

  private static Form form(IntPredicate alphabet, int least, int most) {
    return new Form(alphabet, least, most);
  }

  private static void add(
      String id, String title, String group, Severity severity, String words, Form... forms) {
    SensitiveKind kind =
        new SensitiveKind(
            id,
            FindingType.SECRET_LEAKAGE,
            title,
            group,
            "",
            true,
            severity,
            SensitiveKind.Context.REQUIRED,
            "issuer's name, assignment, alphabet, length");
    MADE.add(new Vendor(kind, List.of(words.split("\\|", -1)), List.of(forms)));
  }

  private static boolean lowerHex(int c) {
    return Text.digit((char) c) || (c >= 'a' && c <= 'f');
  }

  private static boolean alnum(int c) {
    return Text.alnum((char) c);
  }

  private static boolean lower(int c) {
    return Text.digit((char) c) || Text.lower((char) c);
  }

  private static boolean url(int c) {
    return Text.word((char) c) || c == '-';
  }

  private static boolean base64(int c) {
    return alnum(c) || c == '+' || c == '/' || c == '=';
  }

  private static boolean uuid(int c) {
    return lowerHex(c) || c == '-';
  }
}
