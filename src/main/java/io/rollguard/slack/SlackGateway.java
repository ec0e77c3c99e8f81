package io.rollguard.slack;

import com.slack.api.Slack;
import com.slack.api.SlackConfig;
import com.slack.api.methods.MethodsClient;
import com.slack.api.methods.SlackApiException;
import com.slack.api.methods.SlackApiTextResponse;
import com.slack.api.methods.request.chat.ChatDeleteRequest;
import com.slack.api.methods.request.chat.ChatPostMessageRequest;
import com.slack.api.methods.request.chat.ChatUpdateRequest;
import com.slack.api.methods.request.conversations.ConversationsHistoryRequest;
import com.slack.api.methods.request.conversations.ConversationsRepliesRequest;
import com.slack.api.methods.response.chat.ChatDeleteResponse;
import com.slack.api.methods.response.chat.ChatPostMessageResponse;
import com.slack.api.methods.response.chat.ChatUpdateResponse;
import com.slack.api.methods.response.conversations.ConversationsHistoryResponse;
import com.slack.api.methods.response.conversations.ConversationsRepliesResponse;
import com.slack.api.model.Message.Metadata;
import com.slack.api.model.ResponseMetadata;
import com.slack.api.util.http.SlackHttpClient;
import io.rollguard.incident.IncidentId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import okhttp3.ConnectionPool;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Slack's Web API through its synchronous client: it sends at once, waits for nothing and repeats nothing by itself, so
 * that pace and repetition are the {@link Notifier}'s. Never shows the token.
 */
final class SlackGateway implements Gateway {

    private static final Logger LOG = Logger.getLogger(SlackGateway.class);

    /** What came back was not written by Slack: a proxy's page, half an answer. */
    private static final String UNREADABLE = "unreadable answer";

    private static final String EVENT_TYPE = "rollguard_incident";
    private static final String INCIDENT = "incident_id";
    private static final String KIND = "kind";

    /** The longest that a call may take. */
    static final Duration CALL_TIMEOUT = Duration.ofSeconds(8);

    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    /** Pages of a channel's history that are looked through for one message. */
    private static final int PAGES = 5;

    private static final int PAGE = 200;

    /** How much older than what it tells a message may seem: clocks differ. */
    private static final Duration CLOCKS = Duration.ofMinutes(2);

    private static final Set<String> GONE =
            Set.of("message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found");

    private static final Set<String> REFUSED = Set.of(
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "restricted_action",
            "access_denied",
            "team_access_not_granted",
            "org_login_required",
            "ekm_access_denied");

    /** Of these, those that say what Rollguard may not do rather than that it may do nothing. */
    private static final Set<String> RIGHTS =
            Set.of("missing_scope", "no_permission", "not_allowed_token_type", "restricted_action", "access_denied");

    /** Of these, those about the channel. */
    private static final Set<String> CHANNEL = Set.of("channel_not_found", "not_in_channel", "is_archived");

    private static final Set<String> TOO_FAST = Set.of("ratelimited", "rate_limited", "message_limit_exceeded");

    /** After these the message may stand there all the same. */
    private static final Set<String> UNSURE =
            Set.of("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org");

    private final Slack slack;
    private final MethodsClient methods;
    private final String channel;

    SlackGateway(URI apiUrl, String token, String channel) {
        this(apiUrl, token, channel, CALL_TIMEOUT);
    }

    SlackGateway(URI apiUrl, String token, String channel, Duration callTimeout) {
        var config = new SlackConfig();
        config.setMethodsEndpointUrlPrefix(apiUrl.toString());
        config.setHttpClientReadTimeoutMillis((int) callTimeout.toMillis());
        config.setHttpClientWriteTimeoutMillis((int) callTimeout.toMillis());
        config.setHttpClientCallTimeoutMillis((int) callTimeout.toMillis());
        config.setPrettyResponseLoggingEnabled(false);
        config.getMethodsConfig().setStatsEnabled(false); // else every first call asks auth.test
        // Left to itself the HTTP client sends a request again when a connection breaks, and a message stood there
        // twice.
        var http = new SlackHttpClient(SlackHttpClient.buildOkHttpClient(config)
                .newBuilder()
                .retryOnConnectionFailure(false)
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.MILLISECONDS))
                .build());
        http.setConfig(config);
        this.slack = Slack.getInstance(config, http);
        this.methods = slack.methods(token.strip());
        this.channel = channel;
    }

    /** One call to Slack. */
    private interface Call<T extends SlackApiTextResponse> {
        T make() throws IOException, SlackApiException;
    }

    private sealed interface Outcome<T> {
        record Ok<T>(T response) implements Outcome<T> {}

        record No<T>(Answer answer) implements Outcome<T> {}
    }

    @Override
    public Answer post(@Nullable Place under, Tag tag, Message message, boolean broadcast) {
        var request = ChatPostMessageRequest.builder()
                .channel(under == null ? channel : under.channel())
                .text(message.text().slack())
                .metadata(metadata(tag))
                .parse("none")
                .linkNames(false)
                .unfurlLinks(false)
                .unfurlMedia(false);
        if (!message.blocks().isEmpty()) {
            request.blocksAsString(message.blocksAsJson().toString());
        }
        if (under != null) {
            request.threadTs(under.messageId()).replyBroadcast(broadcast);
        }
        return switch (ask(() -> methods.chatPostMessage(request.build()))) {
            case Outcome.Ok<ChatPostMessageResponse> ok -> placed(ok.response());
            case Outcome.No<ChatPostMessageResponse> no -> under == null ? no.answer() : elsewhere(under, no.answer());
        };
    }

    private static Answer placed(ChatPostMessageResponse response) {
        return response.getChannel() == null || response.getTs() == null
                ? new Answer.Later(UNREADABLE, true)
                : new Answer.Done(new Place(response.getChannel(), response.getTs()));
    }

    /** A channel that is no longer the configured one may well be closed: what stood there is to stand where people look. */
    private Answer elsewhere(Place place, Answer answer) {
        return !place.channel().equals(channel)
                        && answer instanceof Answer.Refused refused
                        && CHANNEL.contains(refused.error())
                ? new Answer.Gone()
                : answer;
    }

    @Override
    public Answer update(Place place, Tag tag, Message message) {
        var request = ChatUpdateRequest.builder()
                .channel(place.channel())
                .ts(place.messageId())
                .text(message.text().slack())
                .metadata(metadata(tag))
                .parse("none")
                .linkNames(false)
                .blocksAsString(message.blocksAsJson().toString());
        return switch (ask(() -> methods.chatUpdate(request.build()))) {
            case Outcome.Ok<ChatUpdateResponse> ok ->
                ok.response().getTs() == null ? new Answer.Later(UNREADABLE, true) : new Answer.Done(place);
            case Outcome.No<ChatUpdateResponse> no -> elsewhere(place, no.answer());
        };
    }

    @Override
    public Answer delete(Place place) {
        var request = ChatDeleteRequest.builder()
                .channel(place.channel())
                .ts(place.messageId())
                .build();
        return switch (ask(() -> methods.chatDelete(request))) {
            case Outcome.Ok<ChatDeleteResponse> ok -> new Answer.Done(place);
            case Outcome.No<ChatDeleteResponse> no ->
                switch (elsewhere(place, no.answer())) {
                    case Answer.Gone gone -> new Answer.Done(place);
                    case Answer.Refused refused
                    when RIGHTS.contains(refused.error()) -> new Answer.Unfit(refused.error());
                    case Answer other -> other;
                };
        };
    }

    @Override
    public Search find(@Nullable Place under, IncidentId incident, Instant since) {
        var oldest = String.valueOf(since.minus(CLOCKS).getEpochSecond());
        var stands = under == null ? channel : under.channel();
        var found = new ArrayList<Seen>();
        String cursor = null;
        for (int page = 0; page < PAGES; page++) {
            var at = cursor;
            var read = under == null ? history(oldest, at) : replies(under, oldest, at);
            if (read instanceof Outcome.No<Page> no) {
                return unread(under == null ? no.answer() : elsewhere(under, no.answer()));
            }
            var messages = ((Outcome.Ok<Page>) read).response();
            messages.messages().forEach(each -> seen(each, incident, stands).ifPresent(found::add));
            cursor = messages.cursor();
            if (cursor == null) {
                return new Search.Found(found);
            }
        }
        return new Search.Impossible("more than %d messages since".formatted(PAGES * PAGE));
    }

    private static Search unread(Answer answer) {
        return switch (answer) {
            case Answer.Refused refused
            when RIGHTS.contains(refused.error()) || refused.error().equals("not_in_channel") ->
                new Search.Impossible(refused.error());
            case Answer.Unfit unfit -> new Search.Impossible(unfit.error());
            case Answer other -> new Search.Failed(other);
        };
    }

    private record Page(
            List<com.slack.api.model.Message> messages,
            @Nullable String cursor) {}

    private Outcome<Page> history(String oldest, @Nullable String cursor) {
        var request = ConversationsHistoryRequest.builder()
                .channel(channel)
                .oldest(oldest)
                .cursor(cursor)
                .limit(PAGE)
                .includeAllMetadata(true)
                .build();
        return switch (ask(() -> methods.conversationsHistory(request))) {
            case Outcome.Ok<ConversationsHistoryResponse> ok ->
                page(ok.response().getMessages(), ok.response().getResponseMetadata());
            case Outcome.No<ConversationsHistoryResponse> no -> new Outcome.No<>(no.answer());
        };
    }

    private Outcome<Page> replies(Place under, String oldest, @Nullable String cursor) {
        var request = ConversationsRepliesRequest.builder()
                .channel(under.channel())
                .ts(under.messageId())
                .oldest(oldest)
                .cursor(cursor)
                .limit(PAGE)
                .includeAllMetadata(true)
                .build();
        return switch (ask(() -> methods.conversationsReplies(request))) {
            case Outcome.Ok<ConversationsRepliesResponse> ok ->
                page(ok.response().getMessages(), ok.response().getResponseMetadata());
            case Outcome.No<ConversationsRepliesResponse> no -> new Outcome.No<>(no.answer());
        };
    }

    private static Outcome<Page> page(
            @Nullable List<com.slack.api.model.Message> messages, @Nullable ResponseMetadata metadata) {
        if (messages == null) {
            return new Outcome.No<>(new Answer.Later(UNREADABLE, false));
        }
        var cursor = metadata == null ? null : metadata.getNextCursor();
        return new Outcome.Ok<>(new Page(messages, cursor == null || cursor.isEmpty() ? null : cursor));
    }

    private static Metadata metadata(Tag tag) {
        return Metadata.builder()
                .eventType(EVENT_TYPE)
                .eventPayload(Map.of(INCIDENT, tag.incident().toString(), KIND, tag.kind()))
                .build();
    }

    private static Optional<Seen> seen(com.slack.api.model.Message message, IncidentId incident, String channel) {
        var metadata = message.getMetadata();
        if (metadata == null
                || !EVENT_TYPE.equals(metadata.getEventType())
                || metadata.getEventPayload() == null
                || !incident.toString().equals(metadata.getEventPayload().get(INCIDENT))
                || !(metadata.getEventPayload().get(KIND) instanceof String kind)
                || message.getTs() == null) {
            return Optional.empty();
        }
        var thread = message.getThreadTs(); // that of a message with answers is its own
        var under = thread == null || thread.equals(message.getTs()) ? null : thread;
        return Optional.of(new Seen(kind, new Place(channel, message.getTs()), under));
    }

    // --- failures

    /** What was answered may hold anything, so only codes of the known form and names of classes are told on. */
    private static <T extends SlackApiTextResponse> Outcome<T> ask(Call<T> call) {
        try {
            var response = call.make();
            return response.isOk() ? new Outcome.Ok<>(response) : new Outcome.No<>(answer(response.getError()));
        } catch (SlackApiException e) {
            return new Outcome.No<>(answer(e));
        } catch (ConnectException | UnknownHostException | NoRouteToHostException | SSLException e) {
            return new Outcome.No<>(new Answer.Later(e.getClass().getSimpleName(), false));
        } catch (InterruptedIOException e) {
            return new Outcome.No<>(new Answer.Later("no answer in time", true));
        } catch (IOException e) {
            return new Outcome.No<>(new Answer.Later(e.getClass().getSimpleName(), true));
        } catch (RuntimeException e) {
            return new Outcome.No<>(new Answer.Later(UNREADABLE, true));
        }
    }

    private static Answer answer(SlackApiException e) {
        int status = e.getResponse().code();
        if (status == 429) {
            return new Answer.Wait(retryAfter(e.getResponse().header("Retry-After")));
        }
        return status >= 500 ? new Answer.Later("HTTP " + status, true) : new Answer.Refused("HTTP " + status);
    }

    private static Duration retryAfter(@Nullable String header) {
        try {
            var asked = Duration.ofSeconds(Math.max(1, Long.parseLong(header == null ? "" : header.strip())));
            return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
        } catch (NumberFormatException e) {
            return Duration.ofSeconds(30);
        }
    }

    private static Answer answer(@Nullable String error) {
        if (error == null) {
            return new Answer.Later(UNREADABLE, true);
        }
        var code = error.matches("[a-z0-9_]{1,60}") ? error : "unknown_error";
        if (GONE.contains(code)) {
            return new Answer.Gone();
        }
        if (TOO_FAST.contains(code)) {
            return new Answer.Wait(Duration.ofSeconds(30));
        }
        if (UNSURE.contains(code)) {
            return new Answer.Later(code, true);
        }
        return REFUSED.contains(code) ? new Answer.Refused(code) : new Answer.Unfit(code);
    }

    @Override
    public boolean keeps() {
        return true;
    }

    @Override
    public void close() {
        try {
            slack.close();
        } catch (Exception e) {
            LOG.debug("closing the client of Slack failed", e);
        }
    }

    @Override
    public String toString() {
        return "Slack[" + channel + "]";
    }
}
