package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The least that does what the webhook is for: each alert of a body becomes a record with its fingerprint as key, and 200 is
 * said once all are acknowledged by every in-sync replica. No credential, no checks, no ids, no headers, no limits, no
 * reading back. Usage: {@code IngestFloor <port> <bootstrap servers> <topic>}.
 */
public final class IngestFloor extends AbstractVerticle {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Producer<byte[], byte[]> producer;
    private final String topic;
    private final int port;

    private IngestFloor(Producer<byte[], byte[]> producer, String topic, int port) {
        this.producer = producer;
        this.topic = topic;
        this.port = port;
    }

    public static void main(String[] args) {
        int port = Integer.parseInt(args[0]);
        var producer = new KafkaProducer<>(
                Map.<String, Object>of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        args[1],
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.LINGER_MS_CONFIG,
                        0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.partitionsFor(args[2]);
        int loops = VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE;
        Vertx.vertx()
                .deployVerticle(
                        () -> new IngestFloor(producer, args[2], port), new DeploymentOptions().setInstances(loops))
                .onSuccess(deployed -> System.out.println("READY " + port))
                .onFailure(failure -> {
                    System.out.println(failure);
                    System.exit(1);
                });
    }

    @Override
    public void start(Promise<Void> started) {
        vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> take(request, body)))
                .listen(port)
                .onSuccess(listening -> started.complete())
                .onFailure(started::fail);
    }

    private void take(HttpServerRequest request, Buffer body) {
        var context = vertx.getOrCreateContext();
        try {
            var alerts = JSON.readTree(body.getBytes()).path("alerts");
            var left = new AtomicInteger(alerts.size());
            var failed = new AtomicBoolean();
            for (var alert : alerts) {
                var key = alert.path("fingerprint").asText().getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>(topic, key, JSON.writeValueAsBytes(alert)), (metadata, failure) -> {
                    if (failure != null) {
                        failed.set(true);
                    }
                    if (left.decrementAndGet() == 0) {
                        context.runOnContext(then -> request.response()
                                .setStatusCode(failed.get() ? 503 : 200)
                                .end());
                    }
                });
            }
        } catch (IOException e) {
            request.response().setStatusCode(400).end();
        }
    }
}
