package io.rollguard.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.rollguard.http.TokenFile.Form;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Who is let in at one of the service's doors. With a token file: who has one of its tokens. Without: callers on this
 * machine, which is said at start; inside a cluster the service then refuses to start. Each door has its own tokens, so
 * neither opens the other.
 */
public final class Door {

    private static final Logger LOG = Logger.getLogger(Door.class);

    /** The name of callers without a token. */
    public static final String LOCAL = "local";

    private static final Set<String> LOCAL_HOSTS = Set.of("localhost", "127.0.0.1", "[::1]");

    private final @Nullable TokenFile tokens;

    /** The answer of a door. */
    public sealed interface Access {

        /** @param name whose token it is; {@link #LOCAL} without tokens */
        record Granted(String name) implements Access {}

        /** @param detail what the caller must do, for the 401 */
        record Denied(String detail) implements Access {}
    }

    /**
     * What of a request matters here.
     *
     * @param authorization the header; null where absent
     * @param remote the address of the connection
     * @param host whom the caller believes to call, that a web page which was made to point at this machine can't forge; null
     *     where absent
     * @param forwarded whether a proxy says that it passes on somebody else's request
     * @param fromPage whether a web page sent it: browsers say so with every request that can change something
     */
    public record Caller(
            @Nullable String authorization,
            String remote,
            @Nullable String host,
            boolean forwarded,
            boolean fromPage) {

        public static Caller of(HttpServerRequest request) {
            var address = request.remoteAddress();
            // HTTP/2 has no Host header but an authority; Vert.x tells either.
            var authority = request.authority();
            return new Caller(
                    request.getHeader("Authorization"),
                    address == null || address.hostAddress() == null ? "" : address.hostAddress(),
                    authority == null ? null : authority.host(),
                    request.headers().contains("Forwarded") || request.headers().contains("X-Forwarded-For"),
                    request.headers().contains("Origin"));
        }
    }

    private Door(@Nullable TokenFile tokens) {
        this.tokens = tokens;
    }

    /**
     * The door that a configuration asks for.
     *
     * @param setting its name, for messages
     * @throws ConfigurationException where the token file can't be used, or none is named inside a cluster
     */
    public static Door of(String setting, Optional<Path> tokenFile, Form form, boolean inCluster) {
        return of(setting, tokenFile, form, inCluster, System::nanoTime);
    }

    static Door of(String setting, Optional<Path> tokenFile, Form form, boolean inCluster, LongSupplier nanoTime) {
        if (tokenFile.isPresent()) {
            try {
                return new Door(new TokenFile(tokenFile.get(), form, nanoTime));
            } catch (IllegalArgumentException e) {
                throw new ConfigurationException(setting + ": " + e.getMessage());
            }
        }
        if (inCluster) {
            throw new ConfigurationException(
                    "%s is not set: inside a cluster everybody could call, so Rollguard does not start"
                            .formatted(setting));
        }
        LOG.warnf("%s is not set: only callers on this machine are let in, without a token", setting);
        return new Door(null);
    }

    public Access open(Caller caller) {
        if (tokens == null) {
            return isLocal(caller)
                    ? new Access.Granted(LOCAL)
                    : new Access.Denied("no tokens are configured, so only callers on this machine are let in");
        }
        return presented(caller.authorization())
                .flatMap(tokens::nameOf)
                .<Access>map(Access.Granted::new)
                .orElseGet(() -> new Access.Denied("a valid token is needed: Authorization: Bearer <token>"));
    }

    private static boolean isLocal(Caller caller) {
        try {
            boolean loopback = InetAddress.getByName(caller.remote()).isLoopbackAddress();
            return loopback
                    && !caller.forwarded()
                    && !caller.fromPage()
                    && caller.host() != null
                    && isLocalHost(caller.host());
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static boolean isLocalHost(String host) {
        var name = host.replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
        return LOCAL_HOSTS.contains(name);
    }

    /** The token of {@code Bearer <token>}, or of {@code Basic} with the token as password. */
    static Optional<String> presented(@Nullable String authorization) {
        if (authorization == null) {
            return Optional.empty();
        }
        int space = authorization.indexOf(' ');
        if (space < 0) {
            return Optional.empty();
        }
        var value = authorization.substring(space + 1).strip();
        return switch (authorization.substring(0, space).toLowerCase(Locale.ROOT)) {
            case "bearer" -> Optional.of(value).filter(token -> !token.isEmpty());
            case "basic" -> password(value);
            default -> Optional.empty();
        };
    }

    private static Optional<String> password(String encoded) {
        try {
            var pair = new String(Base64.getDecoder().decode(encoded), UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : Optional.of(pair.substring(colon + 1)).filter(token -> !token.isEmpty());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
