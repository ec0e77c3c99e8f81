package io.rollguard.scenario;

import static io.rollguard.scenario.CrashPoints.CrashPoint.AFTER_200;
import static io.rollguard.scenario.CrashPoints.CrashPoint.ANSWER_RECEIVED;
import static io.rollguard.scenario.CrashPoints.CrashPoint.BEFORE_ALL_ACKS;
import static io.rollguard.scenario.CrashPoints.CrashPoint.INTENT_APPENDED;
import static io.rollguard.scenario.CrashPoints.CrashPoint.INTENT_READ_BACK;
import static io.rollguard.scenario.CrashPoints.CrashPoint.INTENT_SENT;
import static io.rollguard.scenario.CrashPoints.CrashPoint.OUTCOME_WRITTEN;
import static io.rollguard.scenario.CrashPoints.CrashPoint.REQUEST_DONE;
import static io.rollguard.scenario.CrashPoints.CrashPoint.REQUEST_SENT;
import static io.rollguard.scenario.CrashPoints.CrashPoint.ROOT_POSTED;
import static io.rollguard.scenario.CrashPoints.CrashPoint.VERDICT_MADE;

import org.junit.jupiter.api.Test;

/** One instance, which is started again after each crash. */
class CrashPointsIT extends CrashPoints {

    CrashPointsIT() {
        super(new Simulated(), 1);
    }

    /** What holds up only its own workload is killed at one blow. */
    @Test
    void atTheClusterAndAtTheDoor() throws Exception {
        crashAt(INTENT_READ_BACK, REQUEST_SENT, REQUEST_DONE, VERDICT_MADE, AFTER_200, BEFORE_ALL_ACKS);
    }

    @Test
    void withTheIntentOnItsWay() throws Exception {
        crashAt(INTENT_SENT);
    }

    @Test
    void withTheIntentInTheLogAndNotKnownToBe() throws Exception {
        crashAt(INTENT_APPENDED);
    }

    @Test
    void withTheClustersAnswerAndNothingWritten() throws Exception {
        crashAt(ANSWER_RECEIVED);
    }

    @Test
    void withTheOutcomeInTheLogAndNotKnownToBe() throws Exception {
        crashAt(OUTCOME_WRITTEN);
    }

    @Test
    void withAMessageInSlackThatNothingIsNotedOf() throws Exception {
        crashAt(ROOT_POSTED);
    }
}
