package io.rollguard.reactor;

import io.rollguard.policy.RollbackPolicy;
import java.time.Duration;

/**
 * The figures of the reactor.
 *
 * @param instance this instance's name in the log
 * @param settle how long contrary evidence is waited for
 * @param cureDwell how long the causing alerts must be quiet
 * @param cureDeadline after how long without a cure a person is called
 * @param deletesStuckPods whether pods that hold a restored StatefulSet back are deleted, where the rights allow it
 */
public record Settings(
        String instance,
        RollbackPolicy policy,
        Duration bakeTime,
        Duration settle,
        Duration lookback,
        Duration alertTimeToLive,
        Duration cureDwell,
        Duration cureDeadline,
        int stormMaxWorkloads,
        boolean deletesStuckPods) {}
