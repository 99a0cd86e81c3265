package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayList;
import java.util.List;

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
  record Vendor(SensitiveKind kind, List<String> words, List<Shape> forms) {
    Vendor {
      words = List.copyOf(words);
      forms = List.copyOf(forms);
    }

    boolean fits(String value) {
      return forms.stream().anyMatch(form -> form.isWhole(value));
    }
  }

  /** Kind, title, group, severity, names of the issuer, forms as {@link Shape} reads them. */
  private static final String TABLE =
      """
      aws_session_token | AWS session token | cloud | critical | aws_session_token, awssessiontoken, x-amz-security-token | {e100,2000}
      gcp_service_account_key | Google Cloud service account key id | cloud | high | private_key_id | {h40}
      azure_openai_key | Azure AI services key | cloud | critical | azure, cognitive, ocp-apim-subscription | {h32} {a84}
      alibaba_secret_key | Alibaba Cloud secret key | cloud | critical | alibaba, aliyun, alicloud | {a30}
      cloudflare_api_key | Cloudflare token or global key | cloud | critical | cloudflare, cf_api, cf-api, x-auth-key | {w40} {h37}
      heroku_uuid_key | Heroku API key (older form) | cloud | critical | heroku | {g36}
      linode_token | Linode token | cloud | critical | linode | {h64}
      ibm_cloud_key | IBM Cloud API key | cloud | critical | ibm_cloud, ibmcloud, ibm cloud, ic_api | {w44}
      fastly_token | Fastly token | cloud | high | fastly | {w32}
      confluent_secret | Confluent secret | cloud | high | confluent | {e64}
      jenkins_token | Jenkins token | build | high | jenkins | {h34}
      snyk_token | Snyk token | build | high | snyk | {g36}
      travis_token | Travis CI token | build | high | travis | {a22}
      codecov_token | Codecov token | build | high | codecov | {g36} {l32}
      twilio_auth_token | Twilio auth token | telephony | high | twilio | {h32}
      postmark_token | Postmark token | e-mail | high | postmark | {g36}
      mailgun_signing_key | Mailgun key (older form) | e-mail | high | mailgun | {g50} {h32}
      datadog_key | Datadog API or application key | monitoring | high | datadog, dd_api, dd_app, dd-api, dd-application | {h32} {h40}
      pagerduty_key | PagerDuty key | monitoring | high | pagerduty, pager_duty | {w20} {h32}
      rollbar_token | Rollbar token | monitoring | high | rollbar | {h32}
      sumologic_key | Sumo Logic key | monitoring | high | sumo | {a64}
      cohere_key | Cohere key | ai | high | cohere, co_api_key | {a40}
      mistral_key | Mistral key | ai | high | mistral | {a32}
      wandb_key | Weights and Biases key | ai | high | wandb, weights_and_biases | {h40}
      assemblyai_key | AssemblyAI key | ai | high | assemblyai, assembly_ai | {h32}
      deepgram_key | Deepgram key | ai | high | deepgram | {h40}
      okta_token | Okta token | service | high | okta, ssws | {w42}
      algolia_key | Algolia key | service | high | algolia | {h32}
      asana_token | Asana token | service | high | asana | {h32}
      intercom_token | Intercom token | service | high | intercom | {e60}
      zendesk_key | Zendesk key | service | high | zendesk | {a40}
      trello_key | Trello key or token | service | high | trello | {h32} {h64}
      spotify_secret | Spotify client secret | service | high | spotify | {h32}
      twitch_token | Twitch token | service | high | twitch | {l30}
      bitly_token | Bitly token | service | high | bitly | {h40}
      binance_key | Binance key | payment | high | binance | {a64}
      coinbase_key | Coinbase key | payment | high | coinbase | {w64}
      """;

  private static final List<Vendor> ALL = read();

  private VendorWords() {}

  static List<Vendor> all() {
    return ALL;
  }

  private static List<Vendor> read() {
    List<Vendor> vendors = new ArrayList<>();
    for (List<String> cells : Table.rows(TABLE)) {
      vendors.add(
          new Vendor(
              Table.secret(
                  cells,
                  SensitiveKind.Context.REQUIRED,
                  "issuer's name, assignment, alphabet, length"),
              List.of(cells.get(4).split(", ", -1)),
              Table.forms(cells.get(5))));
    }
    return List.copyOf(vendors);
  }
}
