package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.ArrayList;
import java.util.List;

/**
 * Secrets that their form gives away, as their issuers document it: a prefix, an alphabet, a
 * length. What has no form of its own is in {@link VendorWords} and {@link Assignments}.
 */
final class SecretFormats {
  private static final String PREFIX = "prefix, alphabet, length";

  /** A kind with its forms. */
  record Format(SensitiveKind kind, List<Shape> shapes) {}

  private static final List<Format> MADE = new ArrayList<>();

  static {
    // Clouds.
    add(
        "aws_access_key",
        "AWS access key id",
        "cloud",
        CRITICAL,
        PREFIX,
        "AKIA{u16}",
        "ASIA{u16}",
        "ABIA{u16}",
        "ACCA{u16}");
    add(
        "aws_bedrock_key",
        "AWS Bedrock API key",
        "cloud",
        CRITICAL,
        PREFIX,
        "ABSK{b109,269}{=0,2}",
        "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{b20,2000}{=0,2}");
    add(
        "aws_mws_key",
        "Amazon MWS auth token",
        "cloud",
        CRITICAL,
        PREFIX,
        "amzn.mws.{h8}-{h4}-{h4}-{h4}-{h12}");
    add("google_api_key", "Google API key", "cloud", CRITICAL, PREFIX, "AIza{w35}");
    add(
        "google_oauth_token",
        "Google OAuth access token",
        "cloud",
        CRITICAL,
        PREFIX,
        "ya29.{w40,600}");
    add(
        "google_oauth_secret",
        "Google OAuth client secret",
        "cloud",
        CRITICAL,
        PREFIX,
        "GOCSPX-{w28}");
    add(
        "azure_storage_key",
        "Azure Storage account key",
        "cloud",
        CRITICAL,
        "name, 88 characters of base64",
        "AccountKey={b86}==");
    add(
        "azure_shared_access_key",
        "Azure Service Bus, Event Hubs or IoT Hub key",
        "cloud",
        CRITICAL,
        "name, 44 characters of base64",
        "SharedAccessKey={b43}=");
    add(
        "azure_sas_signature",
        "Azure shared access signature",
        "cloud",
        CRITICAL,
        "sig beside sv or se",
        "sig={q43,80}");
    add(
        "azure_client_secret",
        "Microsoft Entra client secret",
        "cloud",
        CRITICAL,
        PREFIX,
        "{x3}{d1}Q~{x31,34}");
    add(
        "azure_devops_token",
        "Azure DevOps personal access token",
        "source control",
        CRITICAL,
        PREFIX,
        "{a52}JQQJ99{a10}AZDO{a4}");
    add(
        "digitalocean_token",
        "DigitalOcean token",
        "cloud",
        CRITICAL,
        PREFIX,
        "dop_v1_{h64}",
        "doo_v1_{h64}",
        "dor_v1_{h64}");
    add(
        "alibaba_access_key",
        "Alibaba Cloud access key id",
        "cloud",
        CRITICAL,
        PREFIX,
        "LTAI{a12,26}");
    add("tencent_secret_id", "Tencent Cloud secret id", "cloud", CRITICAL, PREFIX, "AKID{a32}");
    add(
        "cloudflare_token",
        "Cloudflare API token or origin CA key",
        "cloud",
        CRITICAL,
        PREFIX,
        "v1.0-{h24}-{h146}",
        "cfut_{a40,60}",
        "cfat_{a40,60}",
        "cfk_{a40,60}");
    add("scaleway_key", "Scaleway access key", "cloud", CRITICAL, PREFIX, "SCW{u17}");
    add("yandex_cloud_key", "Yandex Cloud API key", "cloud", CRITICAL, PREFIX, "AQVN{w35,38}");
    add("heroku_api_key", "Heroku API key", "cloud", CRITICAL, PREFIX, "HRKU-AA{w58}");
    add(
        "fly_io_token",
        "Fly.io token",
        "cloud",
        CRITICAL,
        PREFIX,
        "fo1_{w43}",
        "fm1a_{b100,1500}{=0,3}",
        "fm1r_{b100,1500}{=0,3}",
        "fm2_{b100,1500}{=0,3}");
    add("netlify_token", "Netlify token", "cloud", HIGH, PREFIX, "nfp_{a36,40}");
    add("supabase_key", "Supabase key", "cloud", HIGH, PREFIX, "sbp_{h40}", "sb_secret_{w22,40}");
    add(
        "planetscale_key",
        "PlanetScale token or password",
        "cloud",
        HIGH,
        PREFIX,
        "pscale_tkn_{w32,64}",
        "pscale_pw_{w32,64}",
        "pscale_oauth_{w32,64}");
    add(
        "databricks_token",
        "Databricks token",
        "cloud",
        CRITICAL,
        PREFIX,
        "dapi{h32}",
        "dapi{h32}-{d1}");
    add("pulumi_token", "Pulumi token", "cloud", HIGH, PREFIX, "pul-{h40}");
    add(
        "terraform_token",
        "HCP Terraform token",
        "cloud",
        CRITICAL,
        PREFIX,
        "{a14}.atlasv1.{w60,70}");
    add(
        "vault_token",
        "HashiCorp Vault token",
        "cloud",
        CRITICAL,
        PREFIX,
        "hvs.{w90,160}",
        "hvb.{w138,300}",
        "hvr.{w90,300}",
        "hvs.{w24}");
    add(
        "doppler_token",
        "Doppler token",
        "cloud",
        HIGH,
        PREFIX,
        "dp.pt.{a43}",
        "dp.st.{a40,60}",
        "dp.ct.{a43}",
        "dp.sa.{a43}");
    add(
        "tailscale_key",
        "Tailscale key",
        "cloud",
        HIGH,
        PREFIX,
        "tskey-auth-{a10,40}-{a20,60}",
        "tskey-api-{a10,40}-{a20,60}",
        "tskey-client-{a10,40}-{a20,60}");
    add(
        "onepassword_token",
        "1Password service account token or secret key",
        "cloud",
        CRITICAL,
        PREFIX,
        "ops_eyJ{b250,2000}{=0,3}",
        "A3-{u6}-{u11}-{u5}-{u5}-{u5}",
        "A3-{u6}-{u6}-{u5}-{u5}-{u5}-{u5}");

    // Source control, packages, builds.
    add(
        "github_token",
        "GitHub token",
        "source control",
        CRITICAL,
        "prefix, alphabet, length, CRC-32 in base 62",
        "ghp_{a36,251}",
        "gho_{a36,251}",
        "ghu_{a36,251}",
        "ghs_{a36,251}",
        "ghr_{a36,251}",
        "github_pat_{a22}_{a59}");
    add(
        "gitlab_token",
        "GitLab token",
        "source control",
        CRITICAL,
        PREFIX,
        "glpat-{w20}",
        "glpat-{w27,300}.{l2}{l7}",
        "glpat-{w27,300}.{l2}.{l9}",
        "gldt-{w20}",
        "glrt-{w20}",
        "glrt-t{d1}_{w20,300}.{l2}{l7}",
        "glcbt-{a1,5}_{w20}",
        "glptt-{h40}",
        "glft-{w20}",
        "glsoat-{w20}",
        "glimt-{w25}",
        "glagent-{w50}",
        "gloas-{w64}",
        "glffct-{w20}",
        "GR1348941{w20}");
    add(
        "bitbucket_token",
        "Bitbucket or Atlassian access token",
        "source control",
        CRITICAL,
        PREFIX,
        "ATBB{a32}",
        "ATCTT3xFfG{e80,250}");
    add(
        "npm_token",
        "npm token",
        "packages",
        CRITICAL,
        "prefix, alphabet, length, CRC-32 in base 62",
        "npm_{a36}");
    add(
        "pypi_token",
        "PyPI token",
        "packages",
        CRITICAL,
        PREFIX,
        "pypi-AgEIcHlwaS5vcmc{w50,1000}",
        "pypi-AgENdGVzdC5weXBpLm9yZw{w50,1000}");
    add("rubygems_key", "RubyGems key", "packages", HIGH, PREFIX, "rubygems_{h48}");
    add("nuget_key", "NuGet key", "packages", HIGH, PREFIX, "oy2{p43}");
    add("crates_io_token", "crates.io token", "packages", HIGH, PREFIX, "cio{a32}");
    add(
        "packagist_token",
        "Packagist token",
        "packages",
        HIGH,
        PREFIX,
        "packagist_ack_{H68}",
        "packagist_uut_{H68}",
        "packagist_out_{H68}");
    add("clojars_token", "Clojars token", "packages", HIGH, PREFIX, "CLOJARS_{l60}");
    add(
        "docker_hub_token",
        "Docker Hub token",
        "packages",
        CRITICAL,
        PREFIX,
        "dckr_pat_{w27}",
        "dckr_oat_{w32}");
    add(
        "artifactory_key",
        "JFrog Artifactory key",
        "packages",
        HIGH,
        PREFIX,
        "AKCp{a69}",
        "cmVmdGtu{a56}");
    add(
        "circleci_token",
        "CircleCI token",
        "build",
        HIGH,
        PREFIX,
        "CCIPAT_{a22}_{h40}",
        "CCIPRJ_{a22}_{h40}");
    add("buildkite_token", "Buildkite token", "build", HIGH, PREFIX, "bkua_{h40}", "bkat_{h40}");
    add("octopus_key", "Octopus Deploy key", "build", HIGH, PREFIX, "API-{u26,32}");
    add(
        "sonar_token",
        "SonarQube token",
        "build",
        HIGH,
        PREFIX,
        "sqp_{h40}",
        "squ_{h40}",
        "sqa_{h40}");
    add(
        "sourcegraph_token",
        "Sourcegraph token",
        "build",
        HIGH,
        PREFIX,
        "sgp_{h40}",
        "sgp_{a16}_{h40}",
        "slk_{h64}");
    add("prefect_key", "Prefect key", "build", HIGH, PREFIX, "pnu_{a36}");
    add("infracost_key", "Infracost key", "build", HIGH, PREFIX, "ico-{a32}");

    // Chat.
    add(
        "slack_token",
        "Slack token",
        "chat",
        HIGH,
        PREFIX,
        "xoxb-{d8,14}-{d8,14}-{a16,40}",
        "xoxb-{d8,14}-{a18,40}",
        "xoxp-{d8,14}-{d8,14}-{d8,14}-{a24,64}",
        "xoxp-{d8,14}-{d8,14}-{a18,64}",
        "xoxa-{d1}-{a8,200}",
        "xoxa-{d8,14}-{w8,200}",
        "xoxr-{d8,14}-{w8,200}",
        "xoxs-{d8,14}-{w8,200}",
        "xoxo-{d8,14}-{w8,200}",
        "xoxc-{d8,14}-{w20,200}",
        "xoxd-{a20,400}",
        "xoxe-{d1}-{a60,250}",
        "xoxe.xoxp-{d1}-{w60,250}",
        "xoxe.xoxb-{d1}-{w60,250}",
        "xapp-{d1}-{u8,14}-{d8,16}-{h32,80}");
    add(
        "slack_webhook",
        "Slack webhook",
        "chat",
        HIGH,
        "address with its secret",
        "https://hooks.slack.com/services/T{u7,13}/B{u7,13}/{a20,48}",
        "https://hooks.slack.com/workflows/T{u7,13}/A{u7,13}/{d10,24}/{a20,48}",
        "https://hooks.slack.com/triggers/{u7,13}/{d10,24}/{h32}");
    add(
        "discord_token",
        "Discord bot token",
        "chat",
        HIGH,
        "base64 of the account's number, length");
    add(
        "discord_webhook",
        "Discord webhook",
        "chat",
        HIGH,
        "address with its secret",
        "https://discord.com/api/webhooks/{d17,20}/{w60,80}",
        "https://discordapp.com/api/webhooks/{d17,20}/{w60,80}");
    add("telegram_bot_token", "Telegram bot token", "chat", HIGH, PREFIX, "{d8,10}:AA{w33}");
    add(
        "teams_webhook",
        "Microsoft Teams webhook",
        "chat",
        HIGH,
        "address with its secret",
        ".webhook.office.com/webhookb2/{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}"
            + "/IncomingWebhook/{h32}/{h8}-{h4}-{h4}-{h4}-{h12}");

    // Payment and shops.
    add(
        "stripe_key",
        "Stripe secret or restricted key",
        "payment",
        CRITICAL,
        PREFIX,
        "sk_live_{a10,247}",
        "sk_test_{a10,247}",
        "rk_live_{a10,247}",
        "rk_test_{a10,247}");
    add(
        "stripe_webhook_secret",
        "Stripe webhook secret",
        "payment",
        HIGH,
        PREFIX,
        "whsec_{a32,64}");
    add(
        "square_token",
        "Square token",
        "payment",
        CRITICAL,
        PREFIX,
        "sq0atp-{w22}",
        "sq0csp-{w43}",
        "sq0idp-{w22}",
        "EAAA{w60}");
    add(
        "shopify_token",
        "Shopify token",
        "payment",
        HIGH,
        PREFIX,
        "shpat_{H32}",
        "shpca_{H32}",
        "shppa_{H32}",
        "shpss_{H32}",
        "shpua_{H32}");
    add(
        "braintree_token",
        "PayPal Braintree token",
        "payment",
        CRITICAL,
        PREFIX,
        "access_token$production${l16}${h32}");
    add(
        "plaid_token",
        "Plaid access token",
        "payment",
        HIGH,
        PREFIX,
        "access-production-{h8}-{h4}-{h4}-{h4}-{h12}",
        "access-development-{h8}-{h4}-{h4}-{h4}-{h12}",
        "access-sandbox-{h8}-{h4}-{h4}-{h4}-{h12}");
    add("razorpay_key", "Razorpay key", "payment", HIGH, PREFIX, "rzp_live_{a14}");
    add(
        "flutterwave_key",
        "Flutterwave key",
        "payment",
        HIGH,
        PREFIX,
        "FLWSECK-{l32}-X",
        "FLWSECK_TEST-{l32}-X");
    add("easypost_key", "EasyPost key", "payment", HIGH, PREFIX, "EZAK{a54}");
    add(
        "shippo_token",
        "Shippo token",
        "payment",
        HIGH,
        PREFIX,
        "shippo_live_{H40}",
        "shippo_test_{H40}");

    // E-mail and telephony.
    add("sendgrid_key", "SendGrid key", "e-mail", HIGH, PREFIX, "SG.{w22}.{w43}");
    add("mailgun_key", "Mailgun key", "e-mail", HIGH, PREFIX, "key-{h32}");
    add("mailchimp_key", "Mailchimp key", "e-mail", HIGH, "length, data centre", "{h32}-us{d1,2}");
    add(
        "brevo_key",
        "Brevo key",
        "e-mail",
        HIGH,
        PREFIX,
        "xkeysib-{h64}-{a16}",
        "xsmtpsib-{h64}-{a16}");
    add("resend_key", "Resend key", "e-mail", HIGH, PREFIX, "re_{a8}_{a24}");
    add("twilio_key", "Twilio API key", "telephony", HIGH, PREFIX);
    add("twilio_account", "Twilio account id", "telephony", MEDIUM, PREFIX);

    // Monitoring.
    add(
        "new_relic_key",
        "New Relic key",
        "monitoring",
        HIGH,
        PREFIX,
        "NRAK-{u27}",
        "NRII-{w32}",
        "NRJS-{h19}",
        "NRIQ-{w32}",
        "{h36}NRAL",
        "NRAA-{h27}");
    add("sentry_dsn", "Sentry DSN", "monitoring", MEDIUM, "address with its key");
    add(
        "sentry_token",
        "Sentry token",
        "monitoring",
        HIGH,
        PREFIX,
        "sntryu_{h64}",
        "sntrys_eyJ{e60,500}");
    add(
        "grafana_token",
        "Grafana token",
        "monitoring",
        HIGH,
        "prefix, CRC-32",
        "glsa_{a32}_{H8}",
        "glc_eyJ{b30,400}{=0,3}",
        "eyJrIjoi{a70,400}{=0,3}");
    add(
        "dynatrace_token",
        "Dynatrace token",
        "monitoring",
        HIGH,
        PREFIX,
        "dt0c01.{u24}.{u64}",
        "dt0s16.{u24}.{u64}");
    add("posthog_key", "PostHog personal key", "monitoring", HIGH, PREFIX, "phx_{a32,64}");
    add(
        "honeycomb_key",
        "Honeycomb ingest key",
        "monitoring",
        HIGH,
        PREFIX,
        "hcaik_{l58}",
        "hcxik_{l58}",
        "hcalk_{l58}");

    // Models.
    add(
        "openai_api_key",
        "OpenAI API key",
        "ai",
        CRITICAL,
        PREFIX,
        "sk-{a40,64}",
        "sk-proj-{w40,220}",
        "sk-svcacct-{w40,220}",
        "sk-admin-{w40,220}",
        "sk-None-{w40,220}");
    add(
        "anthropic_api_key",
        "Anthropic API key",
        "ai",
        CRITICAL,
        PREFIX,
        "sk-ant-api{d2}-{w80,120}",
        "sk-ant-admin{d2}-{w80,120}",
        "sk-ant-oat{d2}-{w80,120}",
        "sk-ant-ort{d2}-{w80,120}",
        "sk-ant-sid{d2}-{w80,140}");
    add(
        "huggingface_token",
        "Hugging Face token",
        "ai",
        CRITICAL,
        PREFIX,
        "hf_{a34,37}",
        "api_org_{a34}");
    add("replicate_token", "Replicate token", "ai", HIGH, PREFIX, "r8_{a37}");
    add("groq_key", "Groq key", "ai", HIGH, PREFIX, "gsk_{a52}");
    add("xai_key", "xAI key", "ai", HIGH, PREFIX, "xai-{a70,84}");
    add("perplexity_key", "Perplexity key", "ai", HIGH, PREFIX, "pplx-{a40,64}");
    add("openrouter_key", "OpenRouter key", "ai", HIGH, PREFIX, "sk-or-v1-{h64}");
    add("deepseek_key", "DeepSeek or compatible key", "ai", HIGH, PREFIX, "sk-{l32}");
    add("fireworks_key", "Fireworks key", "ai", HIGH, PREFIX, "fw_{a24}");
    add("together_key", "Together key", "ai", HIGH, PREFIX, "tgp_v1_{w43}");
    add(
        "langsmith_key",
        "LangSmith key",
        "ai",
        HIGH,
        PREFIX,
        "lsv2_pt_{h32}_{h10}",
        "lsv2_sk_{h32}_{h10}");
    add("nvidia_key", "NVIDIA API key", "ai", HIGH, PREFIX, "nvapi-{w60,70}");
    add("pinecone_key", "Pinecone key", "ai", HIGH, PREFIX, "pcsk_{a5,8}_{a50,66}");
    add("elevenlabs_key", "ElevenLabs key", "ai", HIGH, PREFIX, "sk_{h48}");
    add(
        "tavily_key",
        "Tavily key",
        "ai",
        HIGH,
        PREFIX,
        "tvly-{a32,40}",
        "tvly-dev-{a32,40}",
        "tvly-prod-{a32,40}");
    add("cerebras_key", "Cerebras key", "ai", HIGH, PREFIX, "csk-{l48}");
    add("jina_key", "Jina key", "ai", HIGH, PREFIX, "jina_{a60,64}");

    // Software as a service.
    add("linear_key", "Linear key", "service", HIGH, PREFIX, "lin_api_{a40}", "lin_oauth_{h64}");
    add("notion_token", "Notion token", "service", HIGH, PREFIX, "ntn_{a43,50}", "secret_{a43}");
    add("atlassian_token", "Atlassian API token", "service", HIGH, PREFIX, "ATATT3xFfGF0{e60,250}");
    add("figma_token", "Figma token", "service", HIGH, PREFIX, "figd_{w38,50}", "figo_{w38,50}");
    add("airtable_token", "Airtable token", "service", HIGH, PREFIX, "pat{a14}.{h64}");
    add("postman_key", "Postman key", "service", HIGH, PREFIX, "PMAK-{h24}-{h34}");
    add(
        "hubspot_token",
        "HubSpot token",
        "service",
        HIGH,
        PREFIX,
        "pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}",
        "pat-na2-{h8}-{h4}-{h4}-{h4}-{h12}",
        "pat-eu1-{h8}-{h4}-{h4}-{h4}-{h12}");
    add(
        "dropbox_token",
        "Dropbox token",
        "service",
        HIGH,
        PREFIX,
        "sl.{w130,152}",
        "sl.u.{w130,1500}");
    add(
        "facebook_token",
        "Facebook token",
        "service",
        HIGH,
        PREFIX,
        "EAAC{a100,300}",
        "EAAM{a100,300}",
        "EAAG{a100,300}",
        "EAAB{a100,300}");
    add(
        "twitter_bearer",
        "X (Twitter) bearer token",
        "service",
        HIGH,
        PREFIX,
        "AAAAAAAAAAAAAAAAAAAAA{a60,100}",
        "AAAAAAAAAAAAAAAAAAAAA{a10,40}%3D{a30,80}");
    add("typeform_token", "Typeform token", "service", HIGH, PREFIX, "tfp_{x59}");
    add("contentful_token", "Contentful token", "service", HIGH, PREFIX, "CFPAT-{w43}");
    add(
        "launchdarkly_key",
        "LaunchDarkly SDK or API key",
        "service",
        HIGH,
        PREFIX,
        "sdk-{h8}-{h4}-{h4}-{h4}-{h12}",
        "api-{h8}-{h4}-{h4}-{h4}-{h12}");
    add("readme_key", "ReadMe key", "service", HIGH, PREFIX, "rdme_{l70}");
    add("mapbox_secret", "Mapbox secret token", "service", HIGH, PREFIX, "sk.eyJ{w60,120}.{w22}");
    add("adafruit_key", "Adafruit IO key", "service", HIGH, PREFIX, "aio_{a28}");
    add(
        "salesforce_session",
        "Salesforce session id",
        "service",
        HIGH,
        PREFIX,
        "00D{a12,15}!{x80,260}");
    add(
        "zapier_webhook",
        "Zapier webhook",
        "service",
        MEDIUM,
        "address with its secret",
        "https://hooks.zapier.com/hooks/catch/{d4,12}/{l6,12}");
    add("maxmind_key", "MaxMind licence key", "service", HIGH, PREFIX, "{a6}_{a29}_mmk");

    // Keys.
    add("age_secret_key", "age secret key", "key", CRITICAL, PREFIX, "AGE-SECRET-KEY-1{u58}");
    add("otp_secret", "One-time password seed", "key", CRITICAL, "address with its secret");
    add(
        "password_hash",
        "Password hash (bcrypt, Argon2, crypt)",
        "key",
        MEDIUM,
        "scheme, cost, length",
        "$2a${d2}${c53}",
        "$2b${d2}${c53}",
        "$2y${d2}${c53}",
        "$6${c8,16}${c86}",
        "$5${c8,16}${c43}",
        "$1${c4,8}${c22}",
        "$argon2id$v={d1,3}$m={d1,9},t={d1,5},p={d1,3}${e8,90}${e20,120}",
        "$argon2i$v={d1,3}$m={d1,9},t={d1,5},p={d1,3}${e8,90}${e20,120}");
  }

  private static final List<Format> ALL = List.copyOf(MADE);

  private SecretFormats() {}

  static List<Format> all() {
    return ALL;
  }

  private static void add(
      String id, String title, String group, Severity severity, String check, String... shapes) {
    SensitiveKind kind =
        new SensitiveKind(
            id,
            FindingType.SECRET_LEAKAGE,
            title,
            group,
            "",
            true,
            severity,
            SensitiveKind.Context.NOT_READ,
            check);
    List<Shape> parsed = new ArrayList<>();
    for (String shape : shapes) {
      parsed.add(Shape.of(shape));
    }
    MADE.add(new Format(kind, parsed));
  }
}
