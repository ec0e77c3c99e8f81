package io.rollguard.kafka;

import io.rollguard.wire.Topic;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartitionInfo;
import org.jboss.logging.Logger;

/**
 * Whether a record could be kept now. A failed write alone can't tell when the trouble is over: an instance that is not ready
 * gets no alert that could be tried. So somebody has to look, at once after a failed write and every few seconds.
 */
@Singleton
class BrokerWatch {

    private static final Logger LOG = Logger.getLogger(BrokerWatch.class);

    private static final List<String> WRITTEN = List.of(Topic.ALERT.topicName(), Topic.DEAD_LETTER.topicName());
    private static final long FINE_MILLIS = 5_000;
    private static final long TROUBLE_MILLIS = 500;
    private static final Duration ANSWER = Duration.ofSeconds(3);

    private final Clients clients;
    private final Object pause = new Object();
    private boolean woken;
    private volatile String trouble = "";

    BrokerWatch(Clients clients) {
        this.clients = clients;
    }

    /** Why no record could be kept when it was last looked; empty where one could. */
    String trouble() {
        return trouble;
    }

    /** A write failed: look now. */
    void wake() {
        synchronized (pause) {
            woken = true;
            pause.notifyAll();
        }
    }

    /** Looks until it is interrupted. */
    void run(AckedLog log) {
        try (var admin = clients.admin()) {
            while (!Thread.currentThread().isInterrupted()) {
                var before = trouble;
                trouble = look(admin);
                say(before);
                if (trouble.isEmpty()) {
                    log.reachable();
                }
                rest(trouble.isEmpty() ? FINE_MILLIS : TROUBLE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where nothing is written nobody else would say it. Once an outage: what is wrong changes while a broker restarts. */
    private void say(String before) {
        if (before.isEmpty() && !trouble.isEmpty()) {
            LOG.warnf("no record could be kept now, so this instance is not ready: %s", trouble);
        } else if (!before.isEmpty() && trouble.isEmpty()) {
            LOG.info("records can be kept again");
        }
    }

    private static String look(Admin admin) throws InterruptedException {
        try {
            var described = admin.describeTopics(WRITTEN)
                    .allTopicNames()
                    .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                    .values();
            long unwritable = described.stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .filter(BrokerWatch::isUnwritable)
                    .count();
            return unwritable == 0 ? "" : unwritable + " partitions have too few replicas in sync";
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            return cause.getClass().getSimpleName();
        } catch (TimeoutException e) {
            return "no answer";
        }
    }

    /** Measured by the settings that topics are made with: two replicas in sync where there are three. */
    private static boolean isUnwritable(TopicPartitionInfo partition) {
        return partition.leader() == null
                || partition.isr().size() < (partition.replicas().size() >= 3 ? 2 : 1);
    }

    /** A write that failed while it was being looked wakes at once, but not without any pause. */
    private void rest(long millis) throws InterruptedException {
        synchronized (pause) {
            if (!woken) {
                pause.wait(millis);
            }
            if (woken) {
                woken = false;
                pause.wait(TROUBLE_MILLIS / 5);
            }
        }
    }
}
