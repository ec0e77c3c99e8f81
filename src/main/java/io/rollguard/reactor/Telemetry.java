package io.rollguard.reactor;

import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.Episode;
import io.rollguard.policy.Allowed;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Verdict;
import java.time.Duration;
import java.util.Collection;
import java.util.function.Supplier;

/** What the reactor counts and traces. */
public interface Telemetry {

    /** A judgement that differs from the one before. */
    void judged(Verdict verdict, Allowed allowed);

    /** How an attempt goes: the label of the log's step, or the code of the reason why it failed. */
    void acted(Act act, String outcome);

    /** An alert was about workloads without an active release, or about none at all. */
    void noRelease();

    /**
     * From the first delivery of the deciding alert, or from the change of the cluster that showed what was found, to the
     * cluster's answer to the request.
     */
    void reactionTime(Duration time);

    /** An alert was heard of, in the trace that brought it here. */
    default void heard(AlertHistory alert) {}

    /** Does what an act needs within the trace of its causes. */
    default <T> T acting(Act act, Collection<Episode> causes, Supplier<T> work) {
        return work.get();
    }
}
