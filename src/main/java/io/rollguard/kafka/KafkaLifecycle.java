package io.rollguard.kafka;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jboss.logging.Logger;

/** Starts what reads once the topics are there, and ends it with the service. */
@ApplicationScoped
class KafkaLifecycle {

    private static final Logger LOG = Logger.getLogger(KafkaLifecycle.class);

    private final TopicCreation topics;
    private final AlertReader alerts;
    private final IncidentJournal incidents;
    private final CommandOwnership commands;
    private final AckedLog log;
    private final BrokerWatch watch;
    private final List<Thread> threads = new ArrayList<>();

    KafkaLifecycle(
            TopicCreation topics,
            AlertReader alerts,
            IncidentJournal incidents,
            CommandOwnership commands,
            AckedLog log,
            BrokerWatch watch) {
        this.topics = topics;
        this.alerts = alerts;
        this.incidents = incidents;
        this.commands = commands;
        this.log = log;
        this.watch = watch;
    }

    synchronized void start(@Observes StartupEvent event) {
        run("topics", topics::run);
        topics.done().thenRun(this::read);
    }

    private synchronized void read() {
        alerts.start();
        incidents.start();
        run("commands", this::takePart);
        log.warmUp();
        run("watch", () -> watch.run(log));
    }

    private void takePart() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                commands.run();
            } catch (InterruptException e) {
                return;
            } catch (KafkaException e) {
                LOG.errorf(e, "this instance fell out of the group that decides who owns what; it joins anew");
            }
        }
    }

    private void run(String name, Runnable what) {
        threads.add(Thread.ofPlatform().daemon().name("kafka-" + name).start(what));
    }

    synchronized void stop(@Observes ShutdownEvent event) {
        threads.forEach(Thread::interrupt);
    }
}
