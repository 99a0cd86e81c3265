package io.llmtrace.policies.detect.sensitive;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets that names, frames and structure tell. */
class SecretsByContextTest {
  private static final String SECRET = "tR" + "9w!qLz7Xk";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DB_PASSWORD=%s",
        "db_password = '%s'",
        "{\"username\":\"svc\",\"password\":\"%s\"}",
        "{\\\"password\\\":\\\"%s\\\"}",
        "password: %s",
        "passwd=\"%s\";",
        "login is admin and the password is %s",
        "mein Passwort lautet %s und geht nicht",
        "la contraseña es %s.",
        "mot de passe : %s",
        "パスワード：%s",
        "mysql --user=root --password=%s -h db",
        "tool login --password %s",
        "<password>%s</password>",
        "jdbc:mysql://db/app?user=a&password=%s&ssl=true",
        "Server=db;User Id=sa;Password=%s;Database=x",
        "postgres://app:%s@db.internal:5432/app",
        "mongodb+srv://svc:%s@cluster0.internal/db",
        "https://admin:%s@git.internal/repo.git",
        "curl -u svc:%s https://api.internal/",
        "userPassword = \"%s\"",
        "os.environ['SMTP_PASS'] = '%s'"
      })
  void a_password_is_found_where_its_name_or_place_says_so(String template) {
    String text = String.format(template, SECRET);
    assertThat(Reading.values(text)).containsExactly("password=" + SECRET);
    Finding finding = Reading.of(text).get(0);
    assertThat(finding.type()).isEqualTo(FindingType.SECRET_LEAKAGE);
    assertThat(finding.evidence()).isEqualTo("…(11 characters)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "password: ********",
        "password: changeme",
        "password = os.environ['DB_PASSWORD']",
        "password=${DB_PASSWORD}",
        "password: {{ vault.password }}",
        "password: <your password here>",
        "PASSWORD=$DB_PASSWORD",
        "The password is required.",
        "the password is incorrect, try again",
        "password rules: 12 characters minimum",
        "Password: The password must have 12 characters",
        "password: str, token: Optional[str] = None",
        "password = get_password(user)",
        "password_hash = hasher.hash(value)",
        "\"password\": \"string\"",
        "<input type=\"password\" name=\"password\" placeholder=\"Password\">",
        "secret santa draw on Friday",
        "compass: N42E7 bypass=Always2",
        "tokens: 4096, max_tokens=1024, token_type: bearer",
        "postgres://user:password@localhost/db",
        "http://:@host/ and http://a:@host/ and http://:b@host/",
        "postgres://postgres:postgres@localhost/db",
        "postgres://${USER}:${PASSWORD}@db/app",
        "https://docs.example.test/a:b/c@d",
        "reset your password at https://x.test/reset?id=4",
        "Authorization: Bearer YOUR_TOKEN",
        "Authorization: Bearer <token>",
        "api_key: \"changeme\"",
        "OPENAI_API_KEY=<your-api-key-here>",
        "export TOKEN=${GITHUB_TOKEN}",
        "xoxb-your-token-here and sk-XXXXXXXXXXXXXXXX are placeholders",
        "The prefix ghp_ marks a GitHub token and AKIA an AWS key id.",
        "primary key (id), item_key_333, function key F10",
        "csrf-token: 8f14e45fceea167a5a36dedd4bea2543",
        "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==",
        "public_key = 8f14e45fceea167a5a36dedd4bea2543",
        "checksum md5 8f14e45fceea167a5a36dedd4bea2543",
        "commit 502e5591d50b223d95223369798f354c754a4f9a fixes the build",
        "integrity=\"sha384-DUHrwcA2cGDSkz3RA2s6R60HgPb8iwMetntpLMSDTP4GPrCf\"",
        "secret_name = my-service-account-token-1"
      })
  void what_stands_for_a_secret_is_none(String text) {
    assertThat(Reading.values(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "api_key = \"%s\"", "X-Api-Key: %s", "client_secret=%s", "{\"apiKey\":\"%s\"}",
        "Authorization: Bearer %s", "access_token: %s", "tool --token %s run", "?token=%s&x=1",
        "my api key is %s"
      })
  void a_random_value_behind_a_name_is_a_generic_key(String template) {
    for (String key : new String[] {Made.hex(40, 11), Made.alnum(32, 12), Made.hex(64, 13)}) {
      assertThat(Reading.values(String.format(template, key)))
          .containsExactly("generic_api_key=" + key);
    }
  }

  static Stream<VendorWords.Vendor> vendors() {
    return VendorWords.all().stream();
  }

  @ParameterizedTest
  @MethodSource("vendors")
  void a_key_without_a_form_is_the_issuers_where_the_issuer_is_named(VendorWords.Vendor vendor) {
    Random random = new Random(vendor.kind().id().hashCode());
    String key = fitting(vendor, random);
    String word = vendor.words().get(0);
    String text =
        word.endsWith("_id") || word.contains("session_token")
            ? "\"" + word + "\": \"" + key + "\""
            : word + " api_key = \"" + key + "\"";
    assertThat(Reading.values(text)).contains(vendor.kind().id() + "=" + key);
    assertThat(Reading.kinds("api_key = \"" + key + "\"")).doesNotContain(vendor.kind().id());
    assertThat(Reading.kinds(word + " value " + key)).doesNotContain(vendor.kind().id());
  }

  private static String fitting(VendorWords.Vendor vendor, Random random) {
    for (String alphabet :
        new String[] {"0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyz"}) {
      for (int length = 20; length <= 100; length++) {
        String value = Made.of(alphabet, length, random);
        if (vendor.fits(value) && SecretLooks.token(value)) {
          return value;
        }
      }
    }
    return Made.hex(8, 1)
        + "-"
        + Made.hex(4, 2)
        + "-4"
        + Made.hex(3, 3)
        + "-a"
        + Made.hex(3, 4)
        + "-"
        + Made.hex(12, 5);
  }

  @Test
  void an_aws_secret_key_needs_aws_beside_it() {
    String id = "AKIA" + Made.of("ABCDEFGHJKMNPQRSTUVWXYZ234567", 16, new Random(4));
    String key = Made.base64(40, 21);
    assertThat(Reading.values("aws_access_key_id = " + id + "\naws_secret_access_key = " + key))
        .containsExactly("aws_access_key=" + id, "aws_secret_key=" + key);
    assertThat(Reading.values("key: " + id + "\n  secret: " + key))
        .containsExactly("aws_access_key=" + id, "aws_secret_key=" + key);
    assertThat(Reading.values("client_secret: " + key)).containsExactly("generic_api_key=" + key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY"
      })
  void a_private_key_is_one_critical_finding_from_frame_to_frame(String label) {
    String pem = Made.pem(label, 31);
    Finding finding = Reading.of("tls.key: |\n" + pem + "\nend").get(0);
    assertThat(Reading.values("tls.key: |\n" + pem + "\nend"))
        .containsExactly("private_key=" + pem);
    assertThat(finding.severity()).isEqualTo(Severity.CRITICAL);
    String json = "{\"private_key\":\"" + pem.replace("\n", "\\n") + "\\n\"}";
    assertThat(Reading.kinds(json)).containsExactly("private_key");
  }

  @Test
  void a_private_key_that_was_cut_is_found_and_an_empty_frame_is_not() {
    String pem = Made.pem("RSA PRIVATE KEY", 32);
    assertThat(Reading.kinds(pem.substring(0, 150))).containsExactly("private_key");
    assertThat(Reading.kinds("-----BEGIN RSA PRIVATE KEY-----")).isEmpty();
    assertThat(
            Reading.kinds(
                "-----BEGIN RSA PRIVATE KEY-----\n(redacted)\n-----END RSA PRIVATE KEY-----"))
        .isEmpty();
    assertThat(Reading.kinds(Made.pem("PUBLIC KEY", 33))).isEmpty();
    assertThat(Reading.kinds(Made.pem("CERTIFICATE", 34))).isEmpty();
    assertThat(Reading.kinds(Made.pem("PGP PRIVATE KEY BLOCK", 35)))
        .containsExactly("pgp_private_key");
  }

  @Test
  void a_jwt_is_what_decodes_to_a_header_with_its_algorithm() {
    String jwt = Made.jwt(41);
    assertThat(Reading.values("Authorization: Bearer " + jwt)).containsExactly("jwt=" + jwt);
    assertThat(Reading.values("curl -H \"Cookie: session=" + jwt + "\""))
        .containsExactly("jwt=" + jwt);
    assertThat(Reading.values("it was " + jwt + ".")).containsExactly("jwt=" + jwt);
    assertThat(Reading.kinds("see " + Made.jwt("{\"typ\":\"JWT\"}", "{\"sub\":\"1\"}", 42)))
        .isEmpty();
    assertThat(Reading.kinds("header, for example eyJhbGciOi...")).isEmpty();
    String sample = "{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}";
    assertThat(Reading.kinds("as " + Made.jwt("{\"alg\":\"HS256\"}", sample, 43))).isEmpty();
  }

  @Test
  void basic_authorization_is_what_decodes_to_a_user_and_a_password() {
    String encoded =
        Base64.getEncoder().encodeToString(("svc:" + SECRET).getBytes(StandardCharsets.UTF_8));
    assertThat(Reading.values("Authorization: Basic " + encoded))
        .containsExactly("basic_auth_header=" + encoded);
    assertThat(Reading.kinds("Basic " + encoded + " of something")).isEmpty();
    assertThat(Reading.kinds("Authorization: Basic dXNlcjpwYXNzd29yZA==")).isEmpty();
  }

  @Test
  void bot_tokens_seeds_and_keys_of_coins_are_found() {
    String otp =
        "otpauth://totp/Acme:mei?secret=" + Made.of("ABCDEFGHJKMNPQRS234567", 32, new Random(6));
    assertThat(Reading.kinds(otp + "&issuer=Acme")).containsExactly("otp_secret");
    String dsn = "https://" + Made.hex(32, 51) + "@o4501.ingest.sentry.io/4502";
    assertThat(Reading.values("dsn: " + dsn)).containsExactly("sentry_dsn=" + dsn);
    assertThat(Reading.kinds("SK" + Made.hex(32, 52))).containsExactly("twilio_key");
    assertThat(
            Reading.kinds(
                "seed phrase: olive table river stone metal cloud paper brick ghost lemon salad tiger"))
        .containsExactly("crypto_seed_phrase");
    // Published as the example of the wallet import format.
    String wif = "5HueCGU8rMjxEXxiPuD5BDku4MkF" + "qeZyd4dZ1jvhTVqvbTLvyTJ";
    assertThat(Reading.kinds("key " + wif)).containsExactly("crypto_private_key");
    assertThat(Reading.kinds("key " + wif.replace('4', '6'))).isEmpty();
  }

  @Test
  void a_discord_bot_token_begins_with_the_number_of_its_account() {
    String account =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString("1048213377905221632".getBytes(StandardCharsets.US_ASCII));
    String token = account + "." + Made.alnum(6, 61) + "." + Made.alnum(38, 62);
    assertThat(Reading.values("run with " + token)).contains("discord_token=" + token);
    String other = Made.alnum(26, 63) + token.substring(account.length());
    assertThat(Reading.kinds("run with " + other)).doesNotContain("discord_token");
  }
}
