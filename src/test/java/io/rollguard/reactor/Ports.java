package io.rollguard.reactor;

import io.rollguard.alert.AlertHistory;
import io.rollguard.alert.AlertTable;
import io.rollguard.incident.Command;
import io.rollguard.policy.Allowed;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Verdict;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The ports of a reactor that nobody listens to, for tests that reconcile by themselves. */
final class Ports {

    private Ports() {}

    /** Alerts as the table has them. */
    record FixedAlerts(AlertTable table) implements Alerts {
        @Override
        public boolean isWhole() {
            return true;
        }

        @Override
        public void onChange(Consumer<AlertHistory> listener) {}
    }

    /** @param whose which workloads are this instance's */
    record Owner(Predicate<WorkloadRef> whose) implements Ownership {
        @Override
        public boolean owns(WorkloadRef workload) {
            return whose.test(workload);
        }

        @Override
        public void onChange(Runnable listener) {}
    }

    static final class NoCommands implements Commands {
        @Override
        public CompletionStage<?> send(Command command) {
            throw new AssertionError("the reactor asks nobody");
        }

        @Override
        public void onCommand(Consumer<Owed> listener) {}
    }

    /** A command that is owed until it is answered. */
    static final class Asked implements Commands.Owed {

        private final Command command;
        private boolean owed = true;

        Asked(Command command) {
            this.command = command;
        }

        @Override
        public Command command() {
            return command;
        }

        @Override
        public boolean isOurs() {
            return owed;
        }

        @Override
        public void answered() {
            owed = false;
        }
    }

    static final class Uncounted implements Telemetry {
        @Override
        public void judged(Verdict verdict, Allowed allowed) {}

        @Override
        public void acted(Act act, String outcome) {}

        @Override
        public void noRelease() {}

        @Override
        public void reactionTime(Duration time) {}
    }
}
