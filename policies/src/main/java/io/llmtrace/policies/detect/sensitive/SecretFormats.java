package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayList;
import java.util.List;

/**
 * Secrets that their form gives away, as their issuers document it: a prefix, an alphabet, a
 * length. What has no form of its own is in {@link VendorWords} and {@link Assignments}.
 */
final class SecretFormats {
  private static final String USUAL_CHECK = "prefix, alphabet, length";

  /** A kind with its forms; none where a scanner of its own reads it. */
  record Format(SensitiveKind kind, List<Shape> shapes) {
    Format {
      shapes = List.copyOf(shapes);
    }
  }

  /**
   * Kind, title, group, severity, check (empty for prefix, alphabet and length), forms as {@link
   * Shape} reads them.
   */
  private static final String TABLE =
      """
      # cloud
      aws_access_key | AWS access key id | cloud | critical |  | AKIA{u16} ASIA{u16} ABIA{u16}
        . ACCA{u16}
      aws_bedrock_key | AWS Bedrock API key | cloud | critical |  | ABSK{b109,269}{=0,2}
        . bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{b20,2000}{=0,2}
      aws_mws_key | Amazon MWS auth token | cloud | critical |  |
        . amzn.mws.{h8}-{h4}-{h4}-{h4}-{h12}
      google_api_key | Google API key | cloud | critical |  | AIza{w35}
      google_oauth_token | Google OAuth access token | cloud | critical |  | ya29.{w40,600}
      google_oauth_secret | Google OAuth client secret | cloud | critical |  | GOCSPX-{w28}
      azure_storage_key | Azure Storage account key | cloud | critical | name, 88 characters of base64 |
        . AccountKey={b86}==
      azure_shared_access_key | Azure Service Bus, Event Hubs or IoT Hub key | cloud | critical | name, 44 characters of base64 |
        . SharedAccessKey={b43}=
      azure_sas_signature | Azure shared access signature | cloud | critical | sig beside sv or se |
        . sig={q43,80}
      azure_client_secret | Microsoft Entra client secret | cloud | critical |  |
        . {x3}{d1}Q~{x31,34}
      digitalocean_token | DigitalOcean token | cloud | critical |  | dop_v1_{h64}
        . doo_v1_{h64} dor_v1_{h64}
      alibaba_access_key | Alibaba Cloud access key id | cloud | critical |  | LTAI{a12,26}
      tencent_secret_id | Tencent Cloud secret id | cloud | critical |  | AKID{a32}
      cloudflare_token | Cloudflare API token or origin CA key | cloud | critical |  |
        . v1.0-{h24}-{h146} cfut_{a40,60} cfat_{a40,60} cfk_{a40,60}
      scaleway_key | Scaleway access key | cloud | critical |  | SCW{u17}
      yandex_cloud_key | Yandex Cloud API key | cloud | critical |  | AQVN{w35,38}
      heroku_api_key | Heroku API key | cloud | critical |  | HRKU-AA{w58}
      fly_io_token | Fly.io token | cloud | critical |  | fo1_{w43} fm1a_{b100,1500}{=0,3}
        . fm1r_{b100,1500}{=0,3} fm2_{b100,1500}{=0,3}
      netlify_token | Netlify token | cloud | high |  | nfp_{a36,40}
      supabase_key | Supabase key | cloud | high |  | sbp_{h40} sb_secret_{w22,40}
      planetscale_key | PlanetScale token or password | cloud | high |  | pscale_tkn_{w32,64}
        . pscale_pw_{w32,64} pscale_oauth_{w32,64}
      databricks_token | Databricks token | cloud | critical |  | dapi{h32} dapi{h32}-{d1}
      pulumi_token | Pulumi token | cloud | high |  | pul-{h40}
      terraform_token | HCP Terraform token | cloud | critical |  | {a14}.atlasv1.{w60,70}
      vault_token | HashiCorp Vault token | cloud | critical |  | hvs.{w90,160} hvb.{w138,300}
        . hvr.{w90,300} hvs.{w24}
      doppler_token | Doppler token | cloud | high |  | dp.pt.{a43} dp.st.{a40,60} dp.ct.{a43}
        . dp.sa.{a43}
      tailscale_key | Tailscale key | cloud | high |  | tskey-auth-{a10,40}-{a20,60}
        . tskey-api-{a10,40}-{a20,60} tskey-client-{a10,40}-{a20,60}
      onepassword_token | 1Password service account token or secret key | cloud | critical |  |
        . ops_eyJ{b250,2000}{=0,3} A3-{u6}-{u11}-{u5}-{u5}-{u5}
        . A3-{u6}-{u6}-{u5}-{u5}-{u5}-{u5}
      # source control
      azure_devops_token | Azure DevOps personal access token | source control | critical |  |
        . {a52}JQQJ99{a10}AZDO{a4}
      github_token | GitHub token | source control | critical | prefix, alphabet, length, CRC-32 in base 62 |
        . ghp_{a36,251} gho_{a36,251} ghu_{a36,251} ghs_{a36,251} ghr_{a36,251}
        . github_pat_{a22}_{a59}
      gitlab_token | GitLab token | source control | critical |  | glpat-{w20}
        . glpat-{w27,300}.{l2}{l7} glpat-{w27,300}.{l2}.{l9} gldt-{w20} glrt-{w20}
        . glrt-t{d1}_{w20,300}.{l2}{l7} glcbt-{a1,5}_{w20} glptt-{h40} glft-{w20} glsoat-{w20}
        . glimt-{w25} glagent-{w50} gloas-{w64} glffct-{w20} GR1348941{w20}
      bitbucket_token | Bitbucket or Atlassian access token | source control | critical |  |
        . ATBB{a32} ATCTT3xFfG{e80,250}
      # packages
      npm_token | npm token | packages | critical | prefix, alphabet, length, CRC-32 in base 62 |
        . npm_{a36}
      pypi_token | PyPI token | packages | critical |  | pypi-AgEIcHlwaS5vcmc{w50,1000}
        . pypi-AgENdGVzdC5weXBpLm9yZw{w50,1000}
      rubygems_key | RubyGems key | packages | high |  | rubygems_{h48}
      nuget_key | NuGet key | packages | high |  | oy2{p43}
      crates_io_token | crates.io token | packages | high |  | cio{a32}
      packagist_token | Packagist token | packages | high |  | packagist_ack_{H68}
        . packagist_uut_{H68} packagist_out_{H68}
      clojars_token | Clojars token | packages | high |  | CLOJARS_{l60}
      docker_hub_token | Docker Hub token | packages | critical |  | dckr_pat_{w27}
        . dckr_oat_{w32}
      artifactory_key | JFrog Artifactory key | packages | high |  | AKCp{a69} cmVmdGtu{a56}
      # build
      circleci_token | CircleCI token | build | high |  | CCIPAT_{a22}_{h40}
        . CCIPRJ_{a22}_{h40}
      buildkite_token | Buildkite token | build | high |  | bkua_{h40} bkat_{h40}
      octopus_key | Octopus Deploy key | build | high |  | API-{u26,32}
      sonar_token | SonarQube token | build | high |  | sqp_{h40} squ_{h40} sqa_{h40}
      sourcegraph_token | Sourcegraph token | build | high |  | sgp_{h40} sgp_{a16}_{h40}
        . slk_{h64}
      prefect_key | Prefect key | build | high |  | pnu_{a36}
      infracost_key | Infracost key | build | high |  | ico-{a32}
      # chat
      slack_token | Slack token | chat | high |  | xoxb-{d8,14}-{d8,14}-{a16,40}
        . xoxb-{d8,14}-{a18,40} xoxp-{d8,14}-{d8,14}-{d8,14}-{a24,64}
        . xoxp-{d8,14}-{d8,14}-{a18,64} xoxa-{d1}-{a8,200} xoxa-{d8,14}-{w8,200}
        . xoxr-{d8,14}-{w8,200} xoxs-{d8,14}-{w8,200} xoxo-{d8,14}-{w8,200}
        . xoxc-{d8,14}-{w20,200} xoxd-{a20,400} xoxe-{d1}-{a60,250} xoxe.xoxp-{d1}-{w60,250}
        . xoxe.xoxb-{d1}-{w60,250} xapp-{d1}-{u8,14}-{d8,16}-{h32,80}
      slack_webhook | Slack webhook | chat | high | address with its secret |
        . https://hooks.slack.com/services/T{u7,13}/B{u7,13}/{a20,48}
        . https://hooks.slack.com/workflows/T{u7,13}/A{u7,13}/{d10,24}/{a20,48}
        . https://hooks.slack.com/triggers/{u7,13}/{d10,24}/{h32}
      discord_token | Discord bot token | chat | high | base64 of the account's number, length |
      discord_webhook | Discord webhook | chat | high | address with its secret |
        . https://discord.com/api/webhooks/{d17,20}/{w60,80}
        . https://discordapp.com/api/webhooks/{d17,20}/{w60,80}
      telegram_bot_token | Telegram bot token | chat | high |  | {d8,10}:AA{w33}
      teams_webhook | Microsoft Teams webhook | chat | high | address with its secret |
        . .webhook.office.com/webhookb2/{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}/IncomingWebhook/{h32}/{h8}-{h4}-{h4}-{h4}-{h12}
      # payment
      stripe_key | Stripe secret or restricted key | payment | critical |  | sk_live_{a10,247}
        . sk_test_{a10,247} rk_live_{a10,247} rk_test_{a10,247}
      stripe_webhook_secret | Stripe webhook secret | payment | high |  | whsec_{a32,64}
      square_token | Square token | payment | critical |  | sq0atp-{w22} sq0csp-{w43}
        . sq0idp-{w22} EAAA{w60}
      shopify_token | Shopify token | payment | high |  | shpat_{H32} shpca_{H32} shppa_{H32}
        . shpss_{H32} shpua_{H32}
      braintree_token | PayPal Braintree token | payment | critical |  |
        . access_token$production${l16}${h32}
      plaid_token | Plaid access token | payment | high |  |
        . access-production-{h8}-{h4}-{h4}-{h4}-{h12}
        . access-development-{h8}-{h4}-{h4}-{h4}-{h12}
        . access-sandbox-{h8}-{h4}-{h4}-{h4}-{h12}
      razorpay_key | Razorpay key | payment | high |  | rzp_live_{a14}
      flutterwave_key | Flutterwave key | payment | high |  | FLWSECK-{l32}-X
        . FLWSECK_TEST-{l32}-X
      easypost_key | EasyPost key | payment | high |  | EZAK{a54}
      shippo_token | Shippo token | payment | high |  | shippo_live_{H40} shippo_test_{H40}
      # e-mail
      sendgrid_key | SendGrid key | e-mail | high |  | SG.{w22}.{w43}
      mailgun_key | Mailgun key | e-mail | high |  | key-{h32}
      mailchimp_key | Mailchimp key | e-mail | high | length, data centre | {h32}-us{d1,2}
      brevo_key | Brevo key | e-mail | high |  | xkeysib-{h64}-{a16} xsmtpsib-{h64}-{a16}
      resend_key | Resend key | e-mail | high |  | re_{a8}_{a24}
      # telephony
      twilio_key | Twilio API key | telephony | high |  |
      twilio_account | Twilio account id | telephony | medium |  |
      # monitoring
      new_relic_key | New Relic key | monitoring | high |  | NRAK-{u27} NRII-{w32} NRJS-{h19}
        . NRIQ-{w32} {h36}NRAL NRAA-{h27}
      sentry_dsn | Sentry DSN | monitoring | medium | address with its key |
      sentry_token | Sentry token | monitoring | high |  | sntryu_{h64} sntrys_eyJ{e60,500}
      grafana_token | Grafana token | monitoring | high | prefix, CRC-32 | glsa_{a32}_{H8}
        . glc_eyJ{b30,400}{=0,3} eyJrIjoi{a70,400}{=0,3}
      dynatrace_token | Dynatrace token | monitoring | high |  | dt0c01.{u24}.{u64}
        . dt0s16.{u24}.{u64}
      posthog_key | PostHog personal key | monitoring | high |  | phx_{a32,64}
      honeycomb_key | Honeycomb ingest key | monitoring | high |  | hcaik_{l58} hcxik_{l58}
        . hcalk_{l58}
      # ai
      openai_api_key | OpenAI API key | ai | critical |  | sk-{a40,64} sk-proj-{w40,220}
        . sk-svcacct-{w40,220} sk-admin-{w40,220} sk-None-{w40,220}
      anthropic_api_key | Anthropic API key | ai | critical |  | sk-ant-api{d2}-{w80,120}
        . sk-ant-admin{d2}-{w80,120} sk-ant-oat{d2}-{w80,120} sk-ant-ort{d2}-{w80,120}
        . sk-ant-sid{d2}-{w80,140}
      huggingface_token | Hugging Face token | ai | critical |  | hf_{a34,37} api_org_{a34}
      replicate_token | Replicate token | ai | high |  | r8_{a37}
      groq_key | Groq key | ai | high |  | gsk_{a52}
      xai_key | xAI key | ai | high |  | xai-{a70,84}
      perplexity_key | Perplexity key | ai | high |  | pplx-{a40,64}
      openrouter_key | OpenRouter key | ai | high |  | sk-or-v1-{h64}
      deepseek_key | DeepSeek or compatible key | ai | high |  | sk-{l32}
      fireworks_key | Fireworks key | ai | high |  | fw_{a24}
      together_key | Together key | ai | high |  | tgp_v1_{w43}
      langsmith_key | LangSmith key | ai | high |  | lsv2_pt_{h32}_{h10} lsv2_sk_{h32}_{h10}
      nvidia_key | NVIDIA API key | ai | high |  | nvapi-{w60,70}
      pinecone_key | Pinecone key | ai | high |  | pcsk_{a5,8}_{a50,66}
      elevenlabs_key | ElevenLabs key | ai | high |  | sk_{h48}
      tavily_key | Tavily key | ai | high |  | tvly-{a32,40} tvly-dev-{a32,40}
        . tvly-prod-{a32,40}
      cerebras_key | Cerebras key | ai | high |  | csk-{l48}
      jina_key | Jina key | ai | high |  | jina_{a60,64}
      # service
      linear_key | Linear key | service | high |  | lin_api_{a40} lin_oauth_{h64}
      notion_token | Notion token | service | high |  | ntn_{a43,50} secret_{a43}
      atlassian_token | Atlassian API token | service | high |  | ATATT3xFfGF0{e60,250}
      figma_token | Figma token | service | high |  | figd_{w38,50} figo_{w38,50}
      airtable_token | Airtable token | service | high |  | pat{a14}.{h64}
      postman_key | Postman key | service | high |  | PMAK-{h24}-{h34}
      hubspot_token | HubSpot token | service | high |  | pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}
        . pat-na2-{h8}-{h4}-{h4}-{h4}-{h12} pat-eu1-{h8}-{h4}-{h4}-{h4}-{h12}
      dropbox_token | Dropbox token | service | high |  | sl.{w130,152} sl.u.{w130,1500}
      facebook_token | Facebook token | service | high |  | EAAC{a100,300} EAAM{a100,300}
        . EAAG{a100,300} EAAB{a100,300}
      twitter_bearer | X (Twitter) bearer token | service | high |  |
        . AAAAAAAAAAAAAAAAAAAAA{a60,100} AAAAAAAAAAAAAAAAAAAAA{a10,40}%3D{a30,80}
      typeform_token | Typeform token | service | high |  | tfp_{x59}
      contentful_token | Contentful token | service | high |  | CFPAT-{w43}
      launchdarkly_key | LaunchDarkly SDK or API key | service | high |  |
        . sdk-{h8}-{h4}-{h4}-{h4}-{h12} api-{h8}-{h4}-{h4}-{h4}-{h12}
      readme_key | ReadMe key | service | high |  | rdme_{l70}
      mapbox_secret | Mapbox secret token | service | high |  | sk.eyJ{w60,120}.{w22}
      adafruit_key | Adafruit IO key | service | high |  | aio_{a28}
      salesforce_session | Salesforce session id | service | high |  | 00D{a12,15}!{x80,260}
      zapier_webhook | Zapier webhook | service | medium | address with its secret |
        . https://hooks.zapier.com/hooks/catch/{d4,12}/{l6,12}
      maxmind_key | MaxMind licence key | service | high |  | {a6}_{a29}_mmk
      # key
      age_secret_key | age secret key | key | critical |  | AGE-SECRET-KEY-1{u58}
      otp_secret | One-time password seed | key | critical | address with its secret |
      password_hash | Password hash (bcrypt, Argon2, crypt) | key | medium | scheme, cost, length |
        . $2a${d2}${c53} $2b${d2}${c53} $2y${d2}${c53} $6${c8,16}${c86} $5${c8,16}${c43}
        . $1${c4,8}${c22} $argon2id$v={d1,3}$m={d1,9},t={d1,5},p={d1,3}${e8,90}${e20,120}
        . $argon2i$v={d1,3}$m={d1,9},t={d1,5},p={d1,3}${e8,90}${e20,120}
      """;

  private static final List<Format> ALL = read();

  private SecretFormats() {}

  static List<Format> all() {
    return ALL;
  }

  private static List<Format> read() {
    List<Format> formats = new ArrayList<>();
    for (List<String> cells : Table.rows(TABLE)) {
      String check = cells.get(4).isEmpty() ? USUAL_CHECK : cells.get(4);
      formats.add(
          new Format(
              Table.secret(cells, SensitiveKind.Context.NOT_READ, check),
              Table.forms(cells.get(5))));
    }
    return List.copyOf(formats);
  }
}
