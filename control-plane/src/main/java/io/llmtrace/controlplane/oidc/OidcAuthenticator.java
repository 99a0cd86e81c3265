package io.llmtrace.controlplane.oidc;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.llmtrace.controlplane.access.Authenticator;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.runtime.config.OidcConfig;
import io.llmtrace.runtime.config.OidcConfig.PersonRole;
import jakarta.ws.rs.WebApplicationException;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows JSON Web Tokens that the configured issuer signed with RS256 or ES256 for this audience.
 * Unsigned ones and those signed with a shared secret are refused, whatever the key set holds.
 * Thread-safe.
 */
public final class OidcAuthenticator implements Authenticator {
  private static final Logger log = LoggerFactory.getLogger(OidcAuthenticator.class);
  private static final Pattern FORM =
      Pattern.compile("[A-Za-z0-9_-]{1,4000}\\.[A-Za-z0-9_-]{1,12000}\\.[A-Za-z0-9_-]{0,4000}");
  private static final int SKEW_SECONDS = 60;
  private static final int LONGEST_SUBJECT = 255;
  private static final int MOST_VALUES = 1_000;

  /** Within it keys are not asked for again, but for one that is not among them. */
  private static final Duration CACHED = Duration.ofMinutes(5);

  /**
   * Between two questions for keys that are not known: a forged key id costs the issuer nothing.
   */
  private static final Duration ASKED_AT_MOST = Duration.ofSeconds(30);

  /** How long known keys go on being used while the issuer cannot be asked. */
  private static final Duration OUTAGE = Duration.ofHours(4);

  private static final Duration REFRESH = Duration.ofSeconds(15);

  private final OidcConfig config;
  private final UnaryOperator<TenantScope> active;
  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

  /**
   * @param active takes suspended tenants out of a scope
   */
  public OidcAuthenticator(OidcConfig config, UnaryOperator<TenantScope> active) {
    this(config, active, new GuardedFetch(GuardedFetch.WHOLE));
  }

  OidcAuthenticator(OidcConfig config, UnaryOperator<TenantScope> active, GuardedFetch fetch) {
    this.config = config;
    this.active = active;
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256),
            JWKSourceBuilder.create(new ProviderKeys(config, fetch))
                .retrying(false)
                .refreshAheadCache(false)
                .cache(CACHED.toMillis(), REFRESH.toMillis())
                .rateLimited(ASKED_AT_MOST.toMillis())
                .outageTolerant(OUTAGE.toMillis())
                .build()));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            config.audience(),
            new JWTClaimsSet.Builder().issuer(config.issuer().toString()).build(),
            Set.of("sub", "exp"));
    claims.setMaxClockSkew(SKEW_SECONDS);
    processor.setJWTClaimsSetVerifier(claims);
  }

  @Override
  public boolean knows(String token) {
    return FORM.matcher(token).matches();
  }

  @Override
  public Optional<Caller> authenticate(String token, Origin origin) {
    try {
      JWTClaimsSet claims = processor.process(token, null);
      String subject = claims.getSubject();
      if (subject == null
          || subject.isBlank()
          || subject.length() > LONGEST_SUBJECT
          || subject.chars().anyMatch(Character::isISOControl)) {
        return Optional.empty();
      }
      return Optional.of(
          new Caller(subject, Caller.Kind.OIDC, subject, grants(claims), Set.of(), origin));
    } catch (ParseException | BadJOSEException | RateLimitReachedException e) {
      log.debug("A token is refused", e);
      return Optional.empty();
    } catch (JOSEException e) {
      log.debug("A token cannot be checked", e);
      throw new WebApplicationException(
          e,
          Problem.builder(503, "the identity provider's keys cannot be read, try again")
              .header("Retry-After", Long.toString(ASKED_AT_MOST.toSeconds()))
              .build());
    }
  }

  private List<Grant> grants(JWTClaimsSet claims) {
    TenantScope tenants = tenants(values(claims.getClaims(), config.tenantsClaim()));
    List<Grant> grants = new ArrayList<>();
    values(claims.getClaims(), config.rolesClaim()).stream()
        .distinct()
        .map(config.roleMap()::get)
        .forEach(
            (@Nullable PersonRole role) -> {
              if (role != null && !tenants.isEmpty()) {
                grants.add(new Grant(Role.valueOf(role.name()), tenants));
              }
            });
    return grants;
  }

  private TenantScope tenants(List<String> names) {
    return names.contains("*")
        ? TenantScope.all()
        : active.apply(TenantScope.of(names.stream().filter(TenantId::isOne).distinct().toList()));
  }

  /** A claim of that very name, else the one that its dots lead to; one text or a list of them. */
  private static List<String> values(Map<String, Object> claims, String name) {
    @Nullable Object value = claims.get(name);
    if (value == null) {
      value = claims;
      for (String step : name.split("\\.", -1)) {
        value = value instanceof Map<?, ?> object ? object.get(step) : null;
      }
    }
    if (value instanceof String text) {
      return List.of(text);
    }
    return value instanceof List<?> list
        ? list.stream()
            .limit(MOST_VALUES)
            .filter(String.class::isInstance)
            .map(String.class::cast)
            .toList()
        : List.of();
  }
}
