package io.rollguard.kafka;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.rollguard.reactor.Cluster;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Starts what reads once the topics are there, and ends it with the service. */
@ApplicationScoped
class KafkaLifecycle {

    private static final Logger LOG = Logger.getLogger(KafkaLifecycle.class);

    private static final Duration LOOK = Duration.ofMillis(100);

    /** What made it fall out may last, such as a missing right: no need to ask all the time. */
    private static final Duration REJOIN = Duration.ofSeconds(2);

    /** How often one that stands aside looks whether it is needed, at most; by chance, so that not all come back at once. */
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(4);

    /** How often it is counted who takes part while the cluster does not answer: each time takes connections of its own. */
    private static final Duration COUNT = Duration.ofSeconds(2);

    private static final Duration LEAVE = Duration.ofSeconds(3);

    private final TopicCreation topics;
    private final AlertReader alerts;
    private final IncidentJournal incidents;
    private final Cluster cluster;
    private final Group group;
    private final CommandOwnership commands;
    private final AckedLog log;
    private final BrokerWatch watch;
    private final List<Thread> threads = new ArrayList<>();
    private @Nullable Thread membership;

    /** When the members of the group were counted last, on the thread that takes part. */
    private long counted = System.nanoTime() - COUNT.toNanos();

    private boolean alone;

    KafkaLifecycle(
            TopicCreation topics,
            AlertReader alerts,
            IncidentJournal incidents,
            Cluster cluster,
            Group group,
            CommandOwnership commands,
            AckedLog log,
            BrokerWatch watch) {
        this.topics = topics;
        this.alerts = alerts;
        this.incidents = incidents;
        this.cluster = cluster;
        this.group = group;
        this.commands = commands;
        this.log = log;
        this.watch = watch;
    }

    synchronized void start(@Observes StartupEvent event) {
        run("topics", topics::run);
        topics.done().thenRun(this::read);
    }

    private synchronized void read() {
        if (!topics.stops().isEmpty()) {
            incidents.distrust();
        }
        alerts.start();
        incidents.start();
        membership = run("commands", this::takePart);
        log.warmUp();
        run("watch", () -> watch.run(log));
    }

    private void takePart() {
        while (!isWhole()) {
            if (commands.isLeaving() || !rested(LOOK)) {
                return;
            }
        }
        while (!commands.isLeaving()) {
            try {
                commands.run(this::isNeeded);
                standAside();
            } catch (RuntimeException e) {
                LOG.errorf(e, "this instance fell out of the group that decides who owns what; it joins anew");
                if (!rested(REJOIN)) {
                    return;
                }
            }
        }
    }

    /**
     * One that the cluster does not answer can do nothing for its workloads, which others may. Where there is nobody else it takes
     * part all the same: somebody has to tell people.
     */
    private boolean isNeeded() {
        if (!cluster.answers() && System.nanoTime() - counted >= COUNT.toNanos()) {
            alone = group.size() <= 1;
            counted = System.nanoTime();
        }
        return cluster.answers() || alone;
    }

    private void standAside() {
        if (commands.isLeaving()) {
            return;
        }
        LOG.warn("the cluster does not answer this instance, so it leaves its workloads to the others");
        do {
            if (!rested(Duration.ofMillis(ThreadLocalRandom.current().nextLong(LOOK_AGAIN.toMillis())))) {
                return;
            }
        } while (!commands.isLeaving() && !cluster.answers() && group.size() > 0);
    }

    /** One that can't decide yet takes no workload from one that can. */
    private boolean isWhole() {
        return alerts.isWhole() && incidents.isWhole() && cluster.isWhole();
    }

    private static boolean rested(Duration time) {
        try {
            Thread.sleep(time);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Thread run(String name, Runnable what) {
        var thread = Thread.ofPlatform().daemon().name("kafka-" + name).start(what);
        threads.add(thread);
        return thread;
    }

    synchronized void stop(@Observes ShutdownEvent event) {
        commands.leave();
        join(membership);
        threads.forEach(Thread::interrupt);
    }

    private static void join(@Nullable Thread thread) {
        try {
            if (thread != null) {
                thread.join(LEAVE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
