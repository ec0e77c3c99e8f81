package io.rollguard.slack;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.incident.Told;
import io.rollguard.metrics.Telling;
import io.rollguard.sandbox.slack.Fault;
import io.rollguard.sandbox.slack.StoredMessage;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a message came to stand there twice: in the end it stands there once, with all its answers. */
class DoubledMessageTest extends OnFakeSlack {

    private static final Duration WHILE = Duration.ofMinutes(3);

    /** Both believe that the incident is theirs. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2, 5})
    void twoThatBothBelieveTheyOwnItEndWithOneMessage(int head) {
        var one = impatient();
        var other = impatient();
        slack.failNext("chat.postMessage", new Fault.AnswerLost(), new Fault.Held(), new Fault.AnswerLost());
        happens(story.suspected().guilty().intended());
        passAtLeast(Duration.ofSeconds(head), one);
        passAtLeast(Duration.ofSeconds(5), one, other);
        slack.deliverHeld();
        passAtLeast(WHILE, other, one);
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(WHILE, one, other);

        thenOneConversation();
    }

    @Test
    void theEarlierOfTwoNotedMessagesStaysAndAnswersBelowTheLaterAreToldBelowIt() {
        slack.fail("conversations.history", new Fault.Refused("missing_scope"));
        slack.fail("conversations.replies", new Fault.Refused("missing_scope"));
        journal.goAway(); // neither knows of the other's message
        happens(story.suspected().guilty().intended());
        var one = instance(CHANNEL, TOKEN);
        var other = instance(CHANNEL, TOKEN);
        passAtLeast(Duration.ofSeconds(20), other, one);
        assertThat(slack.roots(CHANNEL)).hasSize(2);
        var earlier = slack.roots(CHANNEL).getFirst();

        journal.comeBack();
        passAtLeast(WHILE, one, other);
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(WHILE, one, other);

        assertThat(root().ts()).isEqualTo(earlier.ts());
        thenOneConversation();
    }

    @Test
    void aMessageThatComesAfterItsSenderGaveUpIsFoundAndDeleted() {
        notifier = impatient();
        slack.failNext("chat.postMessage", new Fault.Held());
        happens(story.suspected().guilty().intended().accepted().verified());
        passAtLeast(Duration.ofSeconds(20));
        var second = root();
        slack.deliverHeld();
        assertThat(slack.roots(CHANNEL)).hasSize(2);
        passAtLeast(WHILE);

        assertThat(root().ts()).isEqualTo(second.ts());
        assertThat(counted(Telling.DELETED)).isEqualTo(1);
        thenOneConversation();
    }

    @Test
    void aMessageThatComesBetweenTheLookAndTheNextOneStaysAndHasTheThread() {
        notifier = impatient();
        slack.failNext("chat.postMessage", new Fault.Held());
        happens(story.suspected().guilty().intended().accepted().verified());
        slack.onCall(call -> {
            if (call.method().equals("chat.postMessage")
                    && slack.calls("chat.postMessage").size() == 1) {
                slack.deliverHeld();
            }
        });
        passAtLeast(Duration.ofSeconds(10));
        assertThat(slack.roots(CHANNEL)).hasSize(2);
        var first = slack.roots(CHANNEL).getFirst();
        passAtLeast(WHILE);

        assertThat(root().ts()).isEqualTo(first.ts());
        thenOneConversation();
    }

    @Test
    void anAnswerOfTheThreadThatComesLateIsDeletedToo() {
        notifier = impatient();
        happens(story.suspected().guilty().intended());
        notifier.turn(); // looks whether the root stands there
        notifier.turn();
        slack.failNext("chat.postMessage", new Fault.Held());
        passAtLeast(Duration.ofSeconds(10));
        assertThat(thread()).hasSize(1);
        slack.deliverHeld();
        assertThat(thread()).hasSize(2);
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(WHILE);

        thenOneConversation();
    }

    @Test
    void whatAnOwnerThatDiedHadOnItsWayIsFoundByTheNext() {
        notifier = impatient();
        slack.failNext("chat.postMessage", new Fault.Held());
        happens(story.suspected().guilty().intended().accepted().verified());
        notifier.turn(); // looks whether it stands there
        notifier.turn();
        assertThat(slack.calls("chat.postMessage")).hasSize(1);

        restart();
        passAtLeast(Duration.ofSeconds(15));
        assertThat(slack.roots(CHANNEL)).hasSize(1);
        slack.deliverHeld();
        assertThat(slack.roots(CHANNEL)).hasSize(2);
        passAtLeast(WHILE);

        thenOneConversation();
    }

    @Test
    void anOwnerThatDiesBeforeItLookedAgainLeavesThatToTheNext() {
        notifier = impatient();
        slack.failNext("chat.postMessage", new Fault.Held());
        happens(story.suspected().guilty().intended().accepted().verified());
        passAtLeast(Duration.ofSeconds(10));
        assertThat(slack.roots(CHANNEL)).hasSize(1);

        restart();
        slack.deliverHeld();
        passAtLeast(WHILE);

        thenOneConversation();
    }

    @Test
    void whatMayNotBeDeletedIsSaidOnceAndGivenUp() {
        slack.fail("chat.delete", new Fault.Refused("cant_delete_message"));
        doubled();
        passAtLeast(Duration.ofHours(1));

        assertThat(slack.calls("chat.delete")).hasSize(1);
        assertThat(logged)
                .filteredOn(line -> line.contains("cant_delete_message"))
                .hasSize(1);
        assertThat(state.now().trouble()).isNull();
        happens(story.at(clock.instant()).cured());
        passAtLeast(WHILE);
        assertThat(slack.roots(CHANNEL).getFirst().headline())
                .isEqualTo("✅ Rolled back shop/cart: the alerts are quiet");
    }

    @Test
    void aRevokedTokenOnlyDelaysTheDeletion() {
        doubled();
        slack.revokeToken();
        passAtLeast(Duration.ofHours(1));
        assertThat(slack.roots(CHANNEL)).hasSize(2);

        slack.acceptToken(TOKEN);
        passAtLeast(Notifier.SLOWLY.plus(WHILE));

        thenOneConversation();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatSomebodyElseDeletedIsDone(boolean answerLost) {
        doubled();
        if (answerLost) {
            slack.failNext("chat.delete", new Fault.AnswerLost());
        } else {
            slack.onCall(call -> {
                if (call.method().equals("chat.delete")) {
                    slack.delete(CHANNEL, call.parameters().get("ts"));
                }
            });
        }
        passAtLeast(WHILE);

        thenOneConversation();
        assertThat(state.now().trouble()).isNull();
    }

    @Test
    void aMessageThatCanBeChangedNoMoreIsReplacedOnce() {
        happens(story.suspected().guilty().intended());
        settle();
        slack.failNext("chat.update", new Fault.Refused("edit_window_closed"));
        happens(story.at(clock.instant()).accepted().verified());
        passAtLeast(Duration.ofMinutes(10));

        assertThat(slack.roots(CHANNEL))
                .extracting(StoredMessage::headline)
                .containsExactly("🚨 Rolling back shop/cart", "✅ Rolled back shop/cart: watching the alerts");
        assertThat(slack.thread(CHANNEL, slack.roots(CHANNEL).getLast().ts())).hasSize(3);
        assertThat(slack.calls("chat.postMessage")).hasSize(2 + 1 + 3);
    }

    /** The log tells of one, and of a later one that a look is about to find. */
    private void doubled() {
        notifier = impatient();
        slack.failNext("chat.postMessage", new Fault.Held());
        happens(story.suspected().guilty().intended().accepted().verified());
        passAtLeast(Duration.ofSeconds(20));
        slack.deliverHeld();
        assertThat(slack.roots(CHANNEL)).hasSize(2);
    }

    private void thenOneConversation() {
        assertThat(root().headline()).isEqualTo("✅ Rolled back shop/cart: watching the alerts");
        assertThat(thread())
                .extracting(StoredMessage::headline)
                .satisfiesExactly(
                        evidence -> assertThat(evidence).startsWith("*Evidence*"),
                        accepted -> assertThat(accepted).contains("the cluster accepted it"),
                        verified -> assertThat(verified).contains("pods and traffic are on revision"));
        assertThat(slack.all(CHANNEL)).hasSize(4);
        var told = journal.log().find(story.id()).orElseThrow().told();
        assertThat(told.messages()).hasSize(4);
        assertThat(told.surplus()).isEmpty();
        assertThat(told.standing(Told.ROOT).orElseThrow().messageId()).isEqualTo(root().ts());
    }
}
