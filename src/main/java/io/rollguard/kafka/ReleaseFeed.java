package io.rollguard.kafka;

import io.rollguard.reactor.ReleaseEvents;
import io.rollguard.release.Release;
import io.rollguard.wire.Events;
import io.smallrye.reactive.messaging.kafka.api.OutgoingKafkaRecordMetadata;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.eclipse.microprofile.reactive.messaging.Channel;
import org.eclipse.microprofile.reactive.messaging.Emitter;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.eclipse.microprofile.reactive.messaging.Metadata;
import org.eclipse.microprofile.reactive.messaging.OnOverflow;
import org.jboss.logging.Logger;

/**
 * Writes what releases do to their topic, over a channel with a bounded buffer: the reactor never waits for it. A channel does
 * here, since nobody asks where the record lies or when it came (docs/adr/003).
 */
@ApplicationScoped
class ReleaseFeed implements ReleaseEvents {

    private static final Logger LOG = Logger.getLogger(ReleaseFeed.class);
    private static final int BUFFER = 10_000;

    private final Emitter<byte[]> channel;

    ReleaseFeed(
            @Channel("releases") @OnOverflow(value = OnOverflow.Strategy.BUFFER, bufferSize = BUFFER)
                    Emitter<byte[]> channel) {
        this.channel = channel;
    }

    @Override
    public void happened(Step step, Release release, Instant at) {
        var event = Events.release(step, release, at);
        var metadata = OutgoingKafkaRecordMetadata.builder()
                .withKey(event.key())
                .withHeaders(new RecordHeaders(Records.headers(event)))
                .build();
        try {
            channel.send(Message.of(
                    event.value(), Metadata.of(metadata), () -> CompletableFuture.completedFuture(null), failure -> {
                        lost(step, release, failure);
                        return CompletableFuture.completedFuture(null);
                    }));
        } catch (IllegalStateException e) { // the buffer is full
            lost(step, release, e);
        }
    }

    private static void lost(Step step, Release release, Throwable failure) {
        LOG.warnf("the event release.%s of %s could not be written: %s", step.label(), release.workload(), failure);
    }
}
