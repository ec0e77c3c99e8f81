package io.rollguard.slack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.incident.IncidentStory;
import io.rollguard.metrics.Telling;
import io.rollguard.sandbox.slack.Fault;
import io.rollguard.sandbox.slack.StoredMessage;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict.Outcome;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Delivery, against a Slack that behaves. Time passes only when a test says so. */
class NotifierTest extends OnFakeSlack {

    // --- what stands in the channel

    @Test
    void oneMessageIsKeptCurrentAndTheStoryStandsInItsThread() {
        happens(story.suspected().guilty().intended());
        settle();
        happens(story.at(clock.instant()).accepted());
        settle();
        happens(story.at(clock.instant()).verified());
        settle();
        happens(story.at(clock.instant()).after(Duration.ofSeconds(40)).cured().closed(null));
        settle();

        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: done");
        assertThat(thread())
                .extracting(StoredMessage::headline)
                .satisfiesExactly(
                        evidence -> assertThat(evidence).startsWith("*Evidence*: guilty"),
                        accepted -> assertThat(accepted).contains("the cluster accepted it"),
                        verified -> assertThat(verified).contains("pods and traffic are on revision"),
                        cured -> assertThat(cured).startsWith("*Cured*"));
        assertThat(thread()).noneMatch(StoredMessage::broadcast);
    }

    @Test
    void whatWasToldIsNotToldAgain() {
        happens(story.suspected().guilty().intended().accepted().verified());
        settle();
        int calls = slack.calls().size();

        IntStream.range(0, 500).forEach(turn -> pass(notifier.turn()));

        assertThat(slack.calls()).hasSize(calls);
        assertThat(told()).hasSize(4).doesNotHaveDuplicates();
    }

    @Test
    void aFailureIsShownInTheChannelAgainSinceAChangedMessageAlarmsNobody() {
        happens(story.suspected().guilty().intended());
        settle();
        happens(story.at(clock.instant()).failed(Reason.FORBIDDEN, false, "403"));
        settle();

        assertThat(root().headline()).isEqualTo("❌ Rollback of shop/cart FAILED: act now");
        assertThat(thread())
                .filteredOn(StoredMessage::broadcast)
                .singleElement()
                .satisfies(call -> assertThat(call.text()).contains("kubectl argo rollouts abort cart -n shop"));
    }

    @Test
    void aMessageThatCallsForAPersonFromItsFirstWordCallsOnce() {
        happens(story.suspected().guiltyBut(Reason.NO_GOOD_REVISION));
        settle();

        assertThat(root().headline()).isEqualTo("✋ shop/cart needs a person: no automatic rollback");
        assertThat(thread()).hasSize(2).noneMatch(StoredMessage::broadcast);
    }

    @Test
    void waitIsNoNewsWhileTheSettleTimeRuns() {
        happens(story.suspected().settling());
        pass(notifier.turn());
        assertThat(slack.all(CHANNEL)).isEmpty();

        happens(story.at(IncidentStory.START.plusSeconds(30)).guilty());
        clock.moveTo(story.now());
        settle();

        assertThat(slack.calls("chat.update")).isEmpty();
        assertThat(root().headline()).isEqualTo("🚨 Rolling back shop/cart");
    }

    @Test
    void whenTheSettleTimeHasPassedWaitingIsToldToo() {
        happens(story.suspected().settling());

        passAtLeast(SETTLE.plusSeconds(6));

        assertThat(root().headline()).isEqualTo("👀 shop/cart is alerting: weighing the evidence");
    }

    @Test
    void anIncidentThatEndsWhileItIsWeighedHasItsOneMessage() {
        happens(story.suspected()
                .settling()
                .notGuilty(Outcome.INNOCENT, Reason.RESOLVED)
                .closed(Reason.RESOLVED));
        settle();

        assertThat(root().headline()).isEqualTo("⏹ shop/cart: closed, no rollback");
        assertThat(slack.calls("chat.update")).isEmpty();
    }

    @Test
    void incidentsThatEndedLongAgoAreLeftAlone() {
        happens(story.suspected()
                .guilty()
                .intended()
                .accepted()
                .verified()
                .cured()
                .closed(null));
        clock.advance(Duration.ofHours(30));
        restart();
        settle();

        assertThat(slack.calls()).isEmpty();
    }

    // --- pace

    @Test
    void statesThatPassAreSkippedAndTheLastOneWins() {
        happens(story.suspected().notGuilty(Outcome.SUSPECT, Reason.ONSET_UNCLEAR));
        settle();
        int updates = updatesOfRoot();
        var began = clock.instant();

        for (int change = 0; change < 20; change++) {
            happens(story.at(clock.instant())
                    .notGuilty(Outcome.SUSPECT, change % 2 == 0 ? Reason.OTHERS_HIT : Reason.ONSET_UNCLEAR));
            passAtLeast(Duration.ofMillis(300));
        }
        settle();

        long atMost = Duration.between(began, clock.instant()).dividedBy(Notifier.COALESCE) + 1;
        assertThat(updatesOfRoot() - updates).isBetween(1, (int) atMost).isLessThan(20);
        assertThat(root().text()).contains("The trouble may have begun before the release");
    }

    @Test
    void aStateThatStaysIsShownAtOnce() {
        happens(story.suspected().guilty().intended());
        settle();
        happens(story.at(clock.instant()).accepted());
        while (updatesOfRoot() == 0) {
            pass(notifier.turn());
        }
        var updated = clock.instant();

        happens(story.verified());
        while (updatesOfRoot() == 1) {
            pass(notifier.turn());
        }

        assertThat(Duration.between(updated, clock.instant())).isLessThan(Notifier.COALESCE);
        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
    }

    @Test
    void noMoreThanSlackGrantsIsSentAndThoseInNeedComeFirst() {
        slack.limitPosts(8, Duration.ofSeconds(5)); // one a second, and three at once
        var stories = IntStream.range(0, 8)
                .mapToObj(number -> new IncidentStory(journal.log())
                        .about("shop", "calm-" + number)
                        .suspected())
                .map(each -> each.notGuilty(Outcome.INNOCENT, Reason.FIRED_BEFORE))
                .toList();
        stories.forEach(this::happens);
        happens(new IncidentStory(journal.log())
                .about("shop", "urgent")
                .suspected()
                .guilty()
                .intended()
                .failed(Reason.FORBIDDEN, false, "403"));

        settle();

        assertThat(counted(Telling.RATE_LIMITED)).isZero();
        assertThat(slack.roots(CHANNEL)).hasSize(9);
        assertThat(slack.roots(CHANNEL).getFirst().headline()).contains("shop/urgent FAILED");
        assertThat(slack.all(CHANNEL)).hasSize(9 + 9 + 1);
    }

    @Test
    void aWaitThatSlackAsksForIsKept() {
        slack.failNext("chat.postMessage", new Fault.RateLimited(17));
        happens(story.suspected().guilty().intended());
        notifier.turn(); // looks whether it stands there
        var asked = clock.instant();

        var wait = notifier.turn();
        assertThat(wait).isEqualTo(Duration.ofSeconds(17));
        pass(wait.minusMillis(1));
        notifier.turn();
        assertThat(slack.calls("chat.postMessage")).hasSize(1);

        settle();
        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(Duration.between(asked, sentAt(root()))).isGreaterThanOrEqualTo(Duration.ofSeconds(17));
    }

    // --- trouble

    @Test
    void anAnswerThatGotLostMakesNoSecondMessage() {
        slack.failNext("chat.postMessage", new Fault.AnswerLost());
        happens(story.suspected().guilty().intended());
        settle();

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(thread()).hasSize(1);
    }

    @Test
    void anAnswerThatGotLostInTheThreadMakesNoSecondOneEither() {
        happens(story.suspected().guilty().intended());
        slack.failNext("chat.postMessage", new Fault.StatusAfterStoring(503), new Fault.AnswerLost());
        settle();

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(thread()).hasSize(1);
    }

    @Test
    void aMessageThatWasNotStoredIsSentAgain() {
        slack.failNext(
                "chat.postMessage", new Fault.Status(500), new Fault.Refused("internal_error"), new Fault.Status(502));
        happens(story.suspected().guilty().intended());
        settle();

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(thread()).hasSize(1);
    }

    @Test
    void whereSlackOffersNoWayToLookAMessageIsRatherDoubledThanLost() {
        slack.fail("conversations.history", new Fault.Refused("missing_scope"));
        slack.failNext("chat.postMessage", new Fault.Status(500));
        happens(story.suspected().guilty().intended());
        settle();

        assertThat(slack.roots(CHANNEL)).hasSize(1);
    }

    @Test
    void whatWasNotToldWhileSlackWasAwayIsToldAsItIsNow() {
        slack.fail("chat.postMessage", new Fault.Status(503));
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofMinutes(10));
        happens(story.at(clock.instant()).failed(Reason.UNRESOLVED, false, "not known"));
        passAtLeast(Duration.ofMinutes(10));
        slack.heal();
        passAtLeast(Duration.ofMinutes(2));

        assertThat(root().headline()).isEqualTo("❌ Rollback of shop/cart FAILED: act now");
        assertThat(root().edits()).isZero();
        assertThat(logged).filteredOn(line -> line.contains("503")).hasSize(2); // not told; told again
        assertThat(state.now().trouble()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"channel_not_found", "not_in_channel", "is_archived", "token_revoked", "missing_scope"})
    void whatOnlyAPersonCanMendIsSaidOnceAndTriedSlowly(String error) {
        slack.fail("chat.postMessage", new Fault.Refused(error));
        happens(story.suspected().guilty().intended());

        passAtLeast(Duration.ofHours(1));

        assertThat(slack.calls("chat.postMessage").size()).isBetween(2, 13);
        assertThat(logged).filteredOn(line -> line.contains(error)).hasSize(1);
        assertThat(state.now().trouble()).contains(error);
        assertThat(counted(Telling.REFUSED)).isPositive();

        slack.heal();
        passAtLeast(Notifier.SLOWLY.plusSeconds(10));
        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(state.now().trouble()).isNull();
    }

    @Test
    void aMessageWhoseFormIsNotAcceptedIsSentAsText() {
        slack.failNext("chat.postMessage", new Fault.Refused("invalid_blocks"));
        happens(story.suspected().guilty().intended());
        settle();

        assertThat(root().text()).startsWith("🚨 Rolling back shop/cart");
        assertThat(root().blocks()).isEmpty();
    }

    @Test
    void oneMessageThatIsNeverAcceptedHoldsUpNoOther() {
        slack.failNext("chat.postMessage", new Fault.Refused("odd_error"), new Fault.Refused("odd_error"));
        happens(story.suspected().guilty().intended());
        happens(new IncidentStory(journal.log())
                .about("shop", "other")
                .suspected()
                .guilty());

        passAtLeast(Duration.ofMinutes(1));

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        passAtLeast(Notifier.SLOWLY);
        assertThat(slack.roots(CHANNEL)).hasSize(2);
    }

    @Test
    void aMessageThatSomebodyDeletedIsPostedAnew() {
        happens(story.suspected().guilty().intended());
        settle();
        slack.delete(CHANNEL, root().ts());

        happens(story.at(clock.instant()).accepted());
        settle();

        assertThat(root().headline()).isEqualTo("🚨 Rolling back shop/cart: the cluster accepted it");
        assertThat(thread())
                .as("its answers stand under the new one")
                .extracting(StoredMessage::headline)
                .satisfiesExactly(
                        evidence -> assertThat(evidence).startsWith("*Evidence*"),
                        accepted -> assertThat(accepted).contains("the cluster accepted it"));
    }

    @Test
    void nobodyListeningAtSlackIsNoReasonToLookWhetherTheMessageCame() throws IOException {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (var nobody = new SlackGateway(URI.create("http://127.0.0.1:" + port + "/api/"), TOKEN, CHANNEL)) {
            var message = new Message(new Words().ours("x").markup(), List.of());

            var answer = nobody.post(null, new Gateway.Tag(story.id(), "root"), message, false);

            assertThat(answer).isEqualTo(new Gateway.Answer.Later("ConnectException", false));
        }
    }

    @Test
    void theTokenIsNeverShown() {
        slack.fail("chat.postMessage", new Fault.Refused("invalid_auth " + TOKEN));
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofMinutes(1));

        var gateway = new SlackGateway(slack.apiUrl(), TOKEN, CHANNEL);
        gateway.close();
        assertThat(gateway.toString()).doesNotContain(TOKEN);
        assertThat(logged).isNotEmpty().noneMatch(line -> line.contains(TOKEN));
        assertThat(state.now().trouble()).doesNotContain(TOKEN);
    }

    // --- restarts and other instances

    @Test
    void aRestartGoesOnWithTheSameMessage() {
        happens(story.suspected().guilty().intended());
        settle();
        restart();
        settle();
        assertThat(slack.calls("chat.postMessage")).hasSize(2);

        happens(story.at(clock.instant()).accepted().verified());
        settle();

        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
    }

    @Test
    void aCrashBeforeTheMessageWasNotedMakesNoSecondOne() {
        journal.goAway();
        happens(story.suspected().guilty().intended());
        notifier.turn(); // looks whether it stands there
        notifier.turn();
        assertThat(slack.roots(CHANNEL)).hasSize(1);

        journal.comeBack();
        restart();
        settle();

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(thread()).hasSize(1);
        assertThat(journal.log().find(story.id()).orElseThrow().told().standing())
                .extracting(Step.Told::kind)
                .containsExactly("evidence", "root");
    }

    @Test
    void whereMessagesStandIsNotedOnceTheLogIsBack() {
        journal.goAway();
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofSeconds(20));
        assertThat(told()).isEmpty();

        journal.comeBack();
        passAtLeast(Duration.ofSeconds(20));

        assertThat(told()).containsExactlyInAnyOrder("root", "evidence");
        assertThat(slack.calls("chat.postMessage")).hasSize(2);
    }

    @Test
    void onlyTheOwnerTells() {
        owner.owns = false;
        happens(story.suspected().guilty().intended());
        settle();
        assertThat(slack.calls()).isEmpty();

        owner.gains();
        settle();
        assertThat(slack.roots(CHANNEL)).hasSize(1);
    }

    @Test
    void oneThatIsReplacedWhileItPostsLeavesTheNoteToTheNextWhichFindsTheMessage() {
        slack.onCall(call -> owner.owns = !call.method().equals("chat.postMessage"));
        happens(story.suspected().guilty().intended());
        notifier.turn(); // looks whether it stands there
        notifier.turn(); // posts
        settle();
        assertThat(told()).isEmpty();

        restart(); // as another instance
        owner.gains();
        settle();

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(told()).isNotEmpty();
    }

    @Test
    void anotherOwnerGoesOnWithTheSameMessage() {
        happens(story.suspected().guilty().intended());
        settle();
        var first = root();

        restart(); // as another instance
        happens(story.at(clock.instant()).accepted());
        settle();

        assertThat(root().ts()).isEqualTo(first.ts());
        assertThat(root().headline()).contains("the cluster accepted it");
    }

    // --- in nobody's way

    @Test
    void nobodyWaitsForASlackThatDoesNotAnswer() throws InterruptedException {
        var asked = new CountDownLatch(1);
        slack.onCall(call -> asked.countDown());
        slack.fail("chat.postMessage", new Fault.Silence());
        slack.fail("conversations.history", new Fault.Silence());
        notifier.start();
        happens(story.suspected().guilty().intended());
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

        assertTimeoutPreemptively(Duration.ofSeconds(2), () -> {
            for (int number = 0; number < 100; number++) {
                happens(new IncidentStory(journal.log())
                        .about("shop", "app-" + number)
                        .suspected()
                        .guilty());
            }
        });
    }

    @Test
    void aThreadOfItsOwnTells() throws InterruptedException {
        var told = new CountDownLatch(2);
        slack.onChange((change, message) -> told.countDown());
        notifier.start();

        happens(story.suspected().guilty().intended());

        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(thread()).hasSize(1);
    }

    // --- no Slack

    @Test
    void withoutSlackTheLogTells() {
        var lines = new ArrayList<String>();
        var log = Logger.getLogger("io.rollguard.messages");
        var handler = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                lines.add(new java.util.logging.SimpleFormatter().formatMessage(entry));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        log.addHandler(handler);
        try {
            notifier = instance(new LogGateway());
            happens(story.suspected().guilty().intended().accepted());
            settle();
            happens(story.at(clock.instant()).verified());
            settle();
        } finally {
            log.removeHandler(handler);
        }

        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("🚨 Rolling back shop/cart: the cluster accepted it | The alert names");
        assertThat(lines.get(1)).contains("Evidence: guilty, score 0.91").contains("+0.90  CanaryErrorRateHigh");
        assertThat(lines.get(2)).startsWith("✅ Rolled back shop/cart: watching the alerts");
        assertThat(told()).isEmpty();
        assertThat(slack.calls()).isEmpty();
    }
}
