package io.rollguard.slack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.rollguard.incident.Command;
import io.rollguard.incident.Incident;
import io.rollguard.incident.IncidentLog;
import io.rollguard.incident.IncidentStory;
import io.rollguard.incident.Room;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.sandbox.slack.BlockRules;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Golden messages: src/test/resources/slack/CASE/out-slack.json is what is said of the story of that name below. To write
 * them anew after a wanted change: {@code -Drollguard.golden.write=true}; then read the difference.
 */
class MessagesTest {

    private static final Path GOLDEN = Path.of("src/test/resources/slack");
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private static final Map<String, IncidentStory> STORIES = stories();

    private static Map<String, IncidentStory> stories() {
        var all = new TreeMap<String, IncidentStory>();
        all.put("suspected", story().suspected());
        all.put("weighing", story().suspected().settling());
        all.put("no-rollback", story().suspected().notGuilty(Outcome.INNOCENT, Reason.FIRED_BEFORE));
        all.put("inconclusive", story().suspected().notGuilty(Outcome.INCONCLUSIVE, Reason.OVERLAP));
        all.put("already-aborted", story().suspected().guiltyBut(Reason.ALREADY_ABORTED));
        all.put("held-by-policy", story().suspected().guiltyBut(Reason.NO_GOOD_REVISION));
        all.put("would-abort", story().suspected().guiltyInObserve());
        all.put("would-restore", story().aboutAPromotedDeployment().suspected().guiltyInObserve());
        all.put(
                "held-for-lack-of-rights",
                story().suspected().guiltyBeyondRights("kubectl argo rollouts abort cart -n shop"));
        all.put("asking", story().suspected().guiltyInApprove());
        all.put("approved", asked(Command.Kind.APPROVE).intended().accepted());
        all.put("dismissed", asked(Command.Kind.DISMISS).closed(Reason.DISMISSED));
        all.put("acting", story().suspected().guilty().intended());
        all.put("accepted", accepted());
        all.put(
                "trying-again",
                story().suspected()
                        .guilty()
                        .intended()
                        .failed(Reason.STALE, true, "the object changed 5 times in between"));
        all.put("verified", accepted().verified());
        all.put("cured", accepted().verified().after(Duration.ofSeconds(40)).cured());
        all.put(
                "cured-and-closed",
                accepted().verified().after(Duration.ofSeconds(40)).cured().closed(null));
        all.put("uncured", accepted().verified().after(Duration.ofMinutes(10)).uncured());
        all.put(
                "uncured-and-closed",
                accepted().verified().after(Duration.ofMinutes(10)).uncured().closed(Reason.NOT_CURED));
        all.put("returned", returned());
        all.put("returned-and-closed", returned().after(Duration.ofMinutes(3)).closed(Reason.LEFT_AGAIN));
        all.put("escalated", escalated());
        all.put("escalated-and-closed", escalated().after(Duration.ofMinutes(3)).closed(Reason.SUPERSEDED));
        all.put(
                "restored",
                story().aboutAPromotedDeployment()
                        .suspected()
                        .settling()
                        .after(Duration.ofSeconds(30))
                        .guilty()
                        .intended()
                        .accepted()
                        .verified());
        all.put(
                "resolved-by-itself",
                story().suspected().notGuilty(Outcome.INNOCENT, Reason.RESOLVED).closed(Reason.RESOLVED));
        all.put("crashing", crashing());
        all.put(
                "crashing-aborted-by-others",
                story().withoutAlerts().suspected().guiltyBut(Reason.ALREADY_ABORTED));
        all.put("crashing-verified", crashing().intended().accepted().verified());
        all.put(
                "crashing-cured",
                crashing()
                        .intended()
                        .accepted()
                        .verified()
                        .after(Duration.ofSeconds(40))
                        .cured()
                        .closed(null));
        all.put(
                "crashing-uncured",
                crashing()
                        .intended()
                        .accepted()
                        .verified()
                        .after(Duration.ofMinutes(10))
                        .uncured());
        all.put("crashing-recovered", crashing().closed(Reason.RECOVERED));
        all.put("hostile-labels", hostile());
        return all;
    }

    private static IncidentStory story() {
        return new IncidentStory();
    }

    private static IncidentStory returned() {
        return accepted()
                .verified()
                .cured()
                .closed(null)
                .after(Duration.ofMinutes(5))
                .returned(new Write("argocd-controller", "Apply", Instant.parse("2026-01-01T00:00:00Z")));
    }

    private static IncidentStory crashing() {
        return story().withoutAlerts().suspected().guilty();
    }

    private static IncidentStory accepted() {
        return story().suspected().guilty().intended().accepted();
    }

    private static IncidentStory asked(Command.Kind kind) {
        var story = story().suspected().guiltyInApprove();
        return story.answered(
                Command.about(story.incident(), kind, new UUID(0, 1), 2, "ann <!here>", story.now()), null);
    }

    private static IncidentStory escalated() {
        return story().suspected()
                .guilty()
                .intended()
                .failed(Reason.FORBIDDEN, false, "403: rollouts.argoproj.io \"cart\" is forbidden");
    }

    private static IncidentStory hostile() {
        return story().about(
                        new WorkloadRef("<!channel> *eu*", "shop", Kind.ROLLOUT, "cart_`x`~<@U123>"),
                        new RevisionHash("``` :fire: @here"))
                .alerted(
                        "> <!here> *bold* _it_ ~no~ `code` ```block``` &amp; <https://evil.example|ok> \u202Edlo\u202C"
                                + " @channel #general\n"
                                + ":boom:",
                        "cri\u200Btical")
                .suspected()
                .guilty()
                .intended()
                .failed(Reason.REJECTED, false, "denied by <!channel>: ```*no*```\u0007\u001b[31m");
    }

    static Stream<String> cases() {
        return STORIES.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void saysWhatTheGoldenMessageSays(String name) throws IOException {
        var said =
                JSON.writeValueAsString(json(Messages.render(STORIES.get(name).incident()))) + "\n";
        var file = GOLDEN.resolve(name).resolve("out-slack.json");
        if (Boolean.getBoolean("rollguard.golden.write")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, said);
        }

        assertThat(file).exists().hasContent(said);
    }

    @Test
    void noGoldenMessageIsLeftOver() throws IOException {
        try (var directories = Files.list(GOLDEN)) {
            assertThat(directories.map(each -> each.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(STORIES.keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void keepsTheLimitsOfSlack(String name) {
        var conversation = Messages.render(STORIES.get(name).incident());

        assertThat(everyMessage(conversation)).allSatisfy(MessagesTest::keepsTheLimits);
        assertThat(conversation.replies()).hasSizeLessThanOrEqualTo(Messages.MAX_REPLIES);
    }

    @Test
    void keepsTheLimitsOfSlackWhateverTheLabelsHold() {
        var longest = "&".repeat(5_000) + "\uD83D\uDE00".repeat(5_000);
        var story = story().about(new WorkloadRef(longest, longest, Kind.ROLLOUT, longest), new RevisionHash(longest))
                .alerted(longest, longest)
                .suspected()
                .guilty()
                .intended()
                .failed(Reason.REJECTED, false, longest);

        assertThat(everyMessage(Messages.render(story.incident()))).allSatisfy(MessagesTest::keepsTheLimits);
    }

    private static void keepsTheLimits(Message message) {
        assertThat(BlockRules.violations(message.blocksAsJson())).isEmpty();
        assertThat(message.text().slack()).isNotBlank().hasSizeLessThanOrEqualTo(BlockKitLimits.TEXT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<!channel>",
                "<!here>",
                "<!everyone>",
                "<@U0123>",
                "<#C0123>",
                "<!subteam^S1>",
                "<https://evil.example|x>",
                "@here",
                "@channel",
                "&lt;!channel&gt;",
                "*bold*",
                "_it_",
                "~no~",
                "`code`",
                "```block```",
                ":fire:",
                "\u202Eabc",
                "\u2066abc\u2069",
                "a\u200Bb",
                "a\u0000b",
                "a\u001b[31mb",
                "a\u2028b",
                "> quoted",
                "#general"
            })
    void noLabelCanMentionFormatOrHide(String label) {
        var story = story().about(new WorkloadRef(label, label, Kind.ROLLOUT, label), new RevisionHash(label))
                .alerted(label, label)
                .suspected()
                .guilty()
                .intended()
                .failed(Reason.REJECTED, true, label)
                .intended()
                .failed(Reason.REJECTED, false, label);

        for (var message : everyMessage(Messages.render(story.incident()))) {
            for (var text : texts(message)) {
                assertIsHarmless(text);
            }
        }
    }

    /** Takes away what we wrote ourselves; what is left must hold nothing that Slack reads. */
    private static void assertIsHarmless(JsonNode text) {
        var raw = text.path("text").asText();
        var withoutOurs = raw.replaceAll("<!date\\^\\d+\\^\\{date_short_pretty} \\{time_secs}\\|[0-9TZ:-]+>", "");
        assertThat(withoutOurs)
                .doesNotContain("<", ">", "\u202E", "\u2066", "\u200B", "\u001b", "\u0000", "\u2028")
                .doesNotContainPattern("@(here|channel|everyone)")
                .doesNotContainPattern("&(?!(amp|lt|gt);)");
        if (text.path("type").asText().equals("plain_text")) {
            assertThat(text.path("emoji").asBoolean(true)).isFalse();
            return;
        }
        assertThat(text.path("verbatim").asBoolean()).isTrue();
        var code = withoutOurs.replaceAll("(?s)```[^`]*```", "").replaceAll("`[^`\n]*`", "");
        var bold = code.replaceAll("\\*[A-Za-z0-9 ,]+\\*", "");
        assertThat(bold).doesNotContain("*", "_", "~", "`", "@", "#").doesNotContainPattern(":[a-z]+:");
        assertThat(bold.lines()).noneMatch(line -> line.startsWith("&gt;"));
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void everyPhaseIsReached(Phase phase) {
        var reached = EnumSet.noneOf(Phase.class);
        STORIES.values().forEach(story -> reached.add(Phase.of(story.incident())));

        assertThat(reached).contains(phase);
    }

    @ParameterizedTest
    @EnumSource(Reason.class)
    void everyRefusalIsToldInItsOwnWords(Reason reason) {
        var refused = Messages.render(story().suspected().guiltyBut(reason).incident());

        assertThat(String.join("\n", refused.root().lines())).contains(reason.text());
    }

    @Test
    void havingToldChangesNothingThatIsSaid() {
        var story = accepted();
        var before = Messages.render(story.incident());

        story.told("root", "C1", "1.1", "abc").after(Duration.ofMinutes(1)).told("root", "C1", "1.1", "abd");

        assertThat(Messages.render(story.incident())).isEqualTo(before);
    }

    @Test
    void onlyWhatNeedsAPersonIsShownInTheChannelAgain() {
        var broadcast = new TreeMap<String, List<String>>();
        STORIES.forEach((name, story) -> broadcast.put(
                name,
                Messages.render(story.incident()).replies().stream()
                        .filter(reply -> reply.calls() != null)
                        .map(Conversation.Reply::kind)
                        .toList()));

        broadcast.values().removeIf(List::isEmpty);
        assertThat(broadcast)
                .isEqualTo(Map.ofEntries(
                        Map.entry("held-by-policy", List.of("held")),
                        Map.entry("held-for-lack-of-rights", List.of("held")),
                        Map.entry("asking", List.of("asking")),
                        Map.entry("uncured", List.of("uncured")),
                        Map.entry("uncured-and-closed", List.of("uncured")),
                        Map.entry("crashing-uncured", List.of("uncured")),
                        Map.entry("returned", List.of("returned-1")),
                        Map.entry("returned-and-closed", List.of("returned-1")),
                        Map.entry("escalated", List.of("escalated")),
                        Map.entry("escalated-and-closed", List.of("escalated")),
                        Map.entry("hostile-labels", List.of("escalated"))));
    }

    @Test
    void anAnswerOnceGivenStaysAmongTheAnswers() {
        var story = story().suspected().guilty();
        var seen = new ArrayList<>(kinds(story.incident()));
        for (int attempt = 1; attempt <= 8; attempt++) {
            story.after(Duration.ofSeconds(10)).intended().failed(Reason.STALE, true, "moved");
            var kinds = kinds(story.incident());
            assertThat(kinds).startsWith(seen.toArray(String[]::new)).hasSizeLessThanOrEqualTo(Messages.MAX_REPLIES);
            seen.clear();
            seen.addAll(kinds);
        }

        assertThat(String.join("\n", Messages.render(story.incident()).root().lines()))
                .contains("3 more changes in its record");
    }

    @Test
    void whatHasNotHappenedIsNotSaid() {
        assertThat(kinds(story().suspected().incident())).isEmpty();
        assertThat(kinds(story().suspected().settling().incident())).containsExactly("evidence");
        assertThat(kinds(accepted().verified().cured().closed(null).incident()))
                .containsExactly("evidence", "accepted-1", "verified-1", "cured");
    }

    @Test
    void anInputThatIsNoLongerHeldIsSaidAndTakesNothingFromWhatStands() {
        var limits = new IncidentLog.Limits(5, Duration.ofMinutes(15), Duration.ofMinutes(15));
        var forgetful = new IncidentStory(new IncidentLog(limits, new Room(0, 1)));
        forgetful.suspected().guilty().intended().accepted();

        assertThat(Messages.render(forgetful.incident())
                        .replies()
                        .getFirst()
                        .message()
                        .lines())
                .anyMatch(line -> line.contains("no longer held here; the incident log has it at offset 1"));
        forgetful.told("evidence", "C1", "m1", "said when it was held");
        assertThat(kinds(forgetful.incident())).isNotEmpty().doesNotContain("evidence");
    }

    // --- forms

    private static List<String> kinds(Incident incident) {
        return Messages.render(incident).replies().stream()
                .map(Conversation.Reply::kind)
                .toList();
    }

    private static List<Message> everyMessage(Conversation conversation) {
        return Stream.concat(
                        Stream.of(conversation.root()),
                        conversation.replies().stream().map(Conversation.Reply::message))
                .toList();
    }

    private static List<JsonNode> texts(Message message) {
        var found = new ArrayList<JsonNode>();
        found.add(JSON.createObjectNode()
                .put("type", "mrkdwn")
                .put("verbatim", true)
                .put("text", message.text().slack()));
        for (var type : Arrays.asList("text", "fields", "elements")) {
            message.blocksAsJson().findValues(type).forEach(node -> {
                if (node.isArray()) {
                    node.forEach(found::add);
                } else if (node.isObject()) {
                    found.add(node);
                }
            });
        }
        return found;
    }

    private static JsonNode json(Conversation conversation) {
        var all = JSON.createObjectNode();
        all.set("root", json(conversation.root()));
        var replies = all.putArray("replies");
        conversation.replies().forEach(reply -> {
            var node = replies.addObject();
            node.put("kind", reply.kind());
            node.put("broadcast", reply.calls() != null);
            node.setAll((ObjectNode) json(reply.message()));
        });
        return all;
    }

    private static JsonNode json(Message message) {
        var node = JSON.createObjectNode();
        node.put("text", message.text().slack());
        node.set("blocks", message.blocksAsJson());
        return node;
    }
}
