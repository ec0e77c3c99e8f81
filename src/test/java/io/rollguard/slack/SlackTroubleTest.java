package io.rollguard.slack;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.metrics.Telling;
import io.rollguard.sandbox.slack.Fault;
import io.rollguard.sandbox.slack.StoredMessage;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people see after Slack was in trouble: each incident once, as it is now, its story in order. */
class SlackTroubleTest extends OnFakeSlack {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final List<String> METHODS =
            List.of("chat.postMessage", "chat.update", "chat.delete", "conversations.history", "conversations.replies");

    // --- away

    @Test
    void afterAnHourAwayEachIncidentStandsThereOnceAsItIsNowWithItsStoryInOrder() {
        int incidents = 20;
        int changes = 30;
        var stories = IntStream.range(0, incidents)
                .mapToObj(number -> another("app-" + number).suspected().notGuilty(Outcome.SUSPECT, Reason.OTHERS_HIT))
                .toList();
        stories.subList(0, incidents / 2).forEach(this::happens); // these are told of before
        passAtLeast(Duration.ofMinutes(2));
        METHODS.forEach(method -> slack.fail(method, new Fault.Status(503)));
        int before = slack.calls().size();

        stories.forEach(this::happens);
        for (int change = 0; change < changes; change++) {
            for (var each : stories) {
                happens(each.at(clock.instant())
                        .notGuilty(Outcome.SUSPECT, change % 2 == 0 ? Reason.ONSET_UNCLEAR : Reason.OTHERS_HIT));
            }
            passAtLeast(HOUR.dividedBy(changes));
        }
        stories.forEach(each -> happens(each.at(clock.instant())
                .guilty()
                .intended()
                .accepted()
                .verified()
                .cured()
                .closed(null)));
        int whileAway = slack.calls().size() - before;
        slack.heal();
        passAtLeast(Duration.ofMinutes(10));
        int after = slack.calls().size() - before - whileAway;

        assertThat(slack.roots(CHANNEL)).hasSize(incidents);
        assertThat(slack.roots(CHANNEL))
                .extracting(StoredMessage::headline)
                .allMatch(headline -> headline.startsWith("✅ Rolled back shop/app-") && headline.endsWith(": done"))
                .doesNotHaveDuplicates();
        for (var root : slack.roots(CHANNEL)) {
            assertThat(slack.thread(CHANNEL, root.ts()))
                    .extracting(StoredMessage::headline)
                    .satisfiesExactly(
                            evidence -> assertThat(evidence).startsWith("*Evidence*"),
                            accepted -> assertThat(accepted).contains("the cluster accepted it"),
                            verified -> assertThat(verified).contains("pods and traffic are on revision"),
                            cured -> assertThat(cured).startsWith("*Cured*"));
        }
        assertThat(whileAway).as("one try a minute").isLessThan(90);
        int messages = incidents * 5;
        assertThat(after).as("each message once, and few looks").isBetween(messages, messages + 10);
        assertThat(messages).isLessThan(incidents * changes / 4);
        assertThat(logged).filteredOn(line -> line.contains("503")).hasSize(2); // not told; told again
        assertThat(state.now().trouble()).isNull();
    }

    @Test
    void nobodyIsCalledToWhatWasOverBeforeSlackWasBack() {
        happens(story.suspected().guilty().intended());
        settle();
        METHODS.forEach(method -> slack.fail(method, new Fault.Status(503)));
        happens(story.at(clock.instant()).failed(Reason.FORBIDDEN, false, "403"));
        passAtLeast(Duration.ofMinutes(20));
        happens(story.at(clock.instant()).closed(Reason.RESOLVED));
        slack.heal();
        passAtLeast(Duration.ofMinutes(3));

        assertThat(root().headline()).isEqualTo("⏹ shop/cart: closed, Rollguard did not roll it back");
        assertThat(thread()).hasSizeGreaterThan(1).noneMatch(StoredMessage::broadcast);
    }

    // --- slow

    @ParameterizedTest
    @ValueSource(strings = {"chat.postMessage", "chat.update"})
    void anAnswerThatTakesTooLongIsNotWaitedForAndTheMessageIsSentAgain(String method) {
        notifier = impatient();
        slack.failNext(method, new Fault.Silence(), new Fault.Silence());
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofMinutes(1));
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(Duration.ofMinutes(1));

        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
        assertThat(thread()).hasSize(3);
        assertThat(state.now().trouble()).isNull();
    }

    @Test
    void aSlackThatNeverAnswersIsSaidInPlainWords() {
        notifier = impatient();
        METHODS.forEach(method -> slack.fail(method, new Fault.Silence()));
        happens(story.suspected().guilty());
        passAtLeast(Duration.ofSeconds(3));

        assertThat(state.now().trouble()).isEqualTo("Slack is not reachable: no answer in time");
    }

    // --- 429

    @ParameterizedTest
    @ValueSource(strings = {"chat.postMessage", "chat.update", "conversations.history"})
    void aWaitThatSlackAsksForIsKeptWhateverWasAsked(String method) {
        happens(story.suspected().guilty());
        restart(); // which has to look
        slack.failNext(method, new Fault.RateLimited(40));
        happens(story.at(clock.instant()).intended());
        for (int turn = 0; slack.calls(method).isEmpty() && turn < 100; turn++) {
            happens(story.at(clock.instant())
                    .notGuilty(Outcome.SUSPECT, Reason.OTHERS_HIT)
                    .guilty());
            var wait = notifier.turn();
            pass(slack.calls(method).isEmpty() ? wait : Duration.ZERO);
        }
        int calls = slack.calls().size();

        assertThat(notifier.turn()).isEqualTo(Duration.ofSeconds(40));
        pass(Duration.ofSeconds(39));
        notifier.turn();
        assertThat(slack.calls()).hasSize(calls);

        passAtLeast(Duration.ofMinutes(1));
        assertThat(root().headline()).isEqualTo("🚨 Rolling back shop/cart");
        assertThat(thread()).hasSize(1);
        assertThat(counted(Telling.RATE_LIMITED)).isEqualTo(1);
        assertThat(state.now().trouble()).as("once is no trouble").isNull();
    }

    @Test
    void aSlackThatAlwaysAsksToWaitIsTroubleThatIsShown() {
        slack.fail("chat.postMessage", new Fault.RateLimited(30));
        happens(story.suspected().guilty());
        passAtLeast(Duration.ofMinutes(5));
        assertThat(state.now().trouble()).isEqualTo("Slack asks to wait, again and again");

        slack.heal();
        passAtLeast(Duration.ofMinutes(1));
        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(state.now().trouble()).isNull();
    }

    // --- lost answers

    @Test
    void lostAnswersOfRootAnswerAndChangeLeaveOneOfEach() {
        slack.failNext("chat.postMessage", new Fault.AnswerLost(), new Fault.AnswerLost(), new Fault.AnswerLost());
        slack.failNext(
                "chat.update", new Fault.AnswerLost(), new Fault.StatusAfterStoring(502), new Fault.AnswerLost());
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofMinutes(1));
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(Duration.ofMinutes(2));

        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
        assertThat(thread()).hasSize(3);
        assertThat(slack.calls("chat.delete")).isEmpty();
    }

    // --- what only a person can mend

    @Test
    void aWrongChannelIsSaidOnceAndAllIsToldInTheRightOne() {
        slack.removeChannel(CHANNEL);
        var urgent = another("urgent").suspected().guilty().intended().failed(Reason.FORBIDDEN, false, "403");
        happens(story.suspected().guilty().intended());
        happens(urgent);
        passAtLeast(HOUR);
        happens(story.at(clock.instant()).accepted().verified());

        assertThat(state.now().trouble()).isEqualTo("Slack refuses: channel_not_found");
        assertThat(state.now().since()).isBefore(clock.instant().minus(Duration.ofMinutes(55)));
        assertThat(logged)
                .filteredOn(line -> line.contains("channel_not_found"))
                .hasSize(1);
        assertThat(counted(Telling.REFUSED)).isBetween(10.0, 14.0);

        notifier = instance("C0RIGHT", TOKEN);
        passAtLeast(Duration.ofMinutes(2));
        assertThat(slack.roots("C0RIGHT"))
                .extracting(StoredMessage::headline)
                .containsExactly(
                        "❌ Rollback of shop/urgent FAILED: act now", "✅ Rolled back shop/cart: watching the alerts");
    }

    @Test
    void aTokenThatWasRevokedAfterALostAnswerMakesNoSecondMessageOnceItIsRestored() {
        slack.failNext("chat.postMessage", new Fault.AnswerLost());
        slack.onChange((change, message) -> slack.revokeToken());
        happens(story.suspected().guilty().intended());
        passAtLeast(HOUR);
        assertThat(state.now().trouble()).isEqualTo("Slack refuses: token_revoked");
        assertThat(logged).filteredOn(line -> line.contains("token_revoked")).hasSize(1);

        slack.acceptToken(TOKEN);
        passAtLeast(Notifier.SLOWLY.plusMinutes(1));

        assertThat(slack.roots(CHANNEL)).hasSize(1);
        assertThat(logged)
                .filteredOn(line -> line.contains("people are told again"))
                .isNotEmpty();
    }

    @Test
    void aTokenThatWasReplacedGoesOnWithTheSameMessages() {
        happens(story.suspected().guilty().intended());
        settle();
        var first = root();
        slack.revokeToken();
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(HOUR);

        slack.acceptToken("xoxb-next");
        notifier = instance(CHANNEL, "xoxb-next");
        passAtLeast(Duration.ofMinutes(1));

        assertThat(root().ts()).isEqualTo(first.ts());
        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
        assertThat(thread()).hasSize(3);
    }

    @Test
    void aChannelThatWasArchivedAndUnarchivedGoesOnWithTheSameMessages() {
        happens(story.suspected().guilty().intended());
        settle();
        slack.archiveChannel(CHANNEL);
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(HOUR);
        assertThat(state.now().trouble()).isEqualTo("Slack refuses: is_archived");

        slack.unarchiveChannel(CHANNEL);
        passAtLeast(Notifier.SLOWLY.plusMinutes(1));

        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
        assertThat(thread()).hasSize(3);
        assertThat(state.now().trouble()).isNull();
    }

    @Test
    void whereTheOldChannelIsClosedTheConversationMovesToTheNewOneAndHoldsUpNoOther() {
        happens(story.suspected().guilty().intended());
        settle();
        slack.archiveChannel(CHANNEL);
        notifier = instance("C0NEXT", TOKEN);
        happens(story.at(clock.instant()).accepted().verified());
        happens(another("other").suspected().guilty());
        passAtLeast(Duration.ofMinutes(2));

        assertThat(slack.roots("C0NEXT"))
                .extracting(StoredMessage::headline)
                .containsExactlyInAnyOrder(
                        "✅ Rolled back shop/cart: watching the alerts", "🚨 Rolling back shop/other");
        assertThat(slack.all("C0NEXT")).hasSize(2 + 3 + 1);
        assertThat(state.now().trouble()).isNull();
    }

    @Test
    void aMessageThatIsNeverAcceptedIsSaidOnceThoughTheOthersGo() {
        slack.onCall(call -> {
            if (call.method().equals("chat.postMessage")
                    && call.parameters().get("text").contains("odd")) {
                slack.failNext("chat.postMessage", new Fault.Refused("odd_error"));
            }
        });
        happens(another("odd").suspected().guilty());
        for (int number = 0; number < 6; number++) {
            happens(another("app-" + number).suspected().guilty());
            passAtLeast(Duration.ofMinutes(10));
        }

        assertThat(slack.roots(CHANNEL)).hasSize(6);
        assertThat(logged).filteredOn(line -> line.startsWith("WARN")).hasSize(2); // its form; itself
        assertThat(state.now().trouble()).isEqualTo("Slack does not accept a message about 1 incident(s): odd_error");
        assertThat(logged).noneMatch(line -> line.contains("told again"));
    }

    @Test
    void thatThereIsNoWayToLookIsSaidOnceAndStopsNothing() {
        slack.fail("conversations.history", new Fault.Refused("missing_scope"));
        slack.fail("conversations.replies", new Fault.Refused("odd_error"));
        for (int number = 0; number < 5; number++) {
            happens(another("app-" + number).suspected().guilty());
        }
        restart();
        passAtLeast(Duration.ofMinutes(2));

        assertThat(slack.roots(CHANNEL)).hasSize(5);
        assertThat(logged).filteredOn(line -> line.contains("missing_scope")).hasSize(1);
        assertThat(state.now().trouble()).isNull();
    }

    // --- what is not Slack's answer

    @ParameterizedTest
    @ValueSource(
            strings = {
                "200 text/html <html><title>Sign in to the network</title></html>",
                "200 text/html ",
                "200 application/json []",
                "200 application/json null",
                "200 application/json {}",
                "200 application/json {\"ok\":true}",
                "200 application/json {\"ok\":",
                "200 application/json {\"ok\":true,\"ts\":{},\"messages\":7}",
                "500 text/html <html>oops</html>",
                "502 text/html <html>Bad Gateway</html>"
            })
    void whatIsNotSlacksAnswerIsNoAnswer(String answer) {
        var parts = answer.split(" ", 3);
        METHODS.forEach(method -> slack.fail(method, new Fault.Body(Integer.parseInt(parts[0]), parts[1], parts[2])));
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofMinutes(5));
        assertThat(slack.all(CHANNEL)).isEmpty();
        assertThat(state.now().trouble()).startsWith("Slack is not reachable: ");
        slack.heal();
        passAtLeast(Duration.ofMinutes(3));
        METHODS.forEach(
                method -> slack.failNext(method, new Fault.Body(Integer.parseInt(parts[0]), parts[1], parts[2])));
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(Duration.ofMinutes(3));

        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
        assertThat(root().blocks()).isNotEmpty();
        assertThat(thread()).hasSize(3);
        assertThat(logged).noneMatch(line -> line.contains("html"));
    }

    @Test
    void aProxyThatForbidsIsSaidWithItsStatus() {
        slack.fail("chat.postMessage", new Fault.Body(403, "text/html", "<html>forbidden</html>"));
        happens(story.suspected().guilty());
        passAtLeast(Duration.ofMinutes(5));

        assertThat(state.now().trouble()).isEqualTo("Slack refuses: HTTP 403");
    }
}
