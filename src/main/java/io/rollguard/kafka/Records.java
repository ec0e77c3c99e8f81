package io.rollguard.kafka;

import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.rollguard.wire.EventRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/** Events as Kafka's records and back. The trace of whoever writes goes along as {@code traceparent}. */
final class Records {

    private static final String TYPE = "ce_type";
    private static final String TRACE = "traceparent";

    private static final TextMapGetter<Headers> GETTER = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Headers headers) {
            var keys = new ArrayList<String>();
            headers.forEach(header -> keys.add(header.key()));
            return keys;
        }

        @Override
        public @Nullable String get(@Nullable Headers headers, String key) {
            return headers == null ? null : text(headers.lastHeader(key));
        }
    };

    private Records() {}

    static ProducerRecord<byte[], byte[]> of(EventRecord event, @Nullable Integer partition) {
        return new ProducerRecord<>(event.topic().topicName(), partition, event.key(), event.value(), headers(event));
    }

    static List<Header> headers(EventRecord event) {
        var headers = new ArrayList<Header>();
        event.headers().forEach((name, value) -> headers.add(header(name, value)));
        GlobalOpenTelemetry.getPropagators()
                .getTextMapPropagator()
                .inject(Context.current(), headers, (into, name, value) -> {
                    if (into != null) {
                        into.add(header(name, value));
                    }
                });
        return headers;
    }

    static @Nullable String type(ConsumerRecord<byte[], byte[]> read) {
        return text(read.headers().lastHeader(TYPE));
    }

    /** Whether its writer was in a trace. Looks at no more headers than it has to, since there may be millions of records. */
    static boolean isTraced(ConsumerRecord<byte[], byte[]> read) {
        var headers = read.headers().toArray();
        for (int at = headers.length - 1; at >= 0 && !headers[at].key().equals(TYPE); at--) {
            if (headers[at].key().equals(TRACE)) {
                return true; // it is written behind our own
            }
        }
        return false;
    }

    static @Nullable String subject(ConsumerRecord<byte[], byte[]> read) {
        return text(read.headers().lastHeader("ce_subject"));
    }

    /** The trace that the record's writer was in. */
    static Context trace(ConsumerRecord<byte[], byte[]> read) {
        return GlobalOpenTelemetry.getPropagators()
                .getTextMapPropagator()
                .extract(Context.root(), read.headers(), GETTER);
    }

    private static Header header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable String text(@Nullable Header header) {
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }
}
