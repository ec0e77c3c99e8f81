package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.incident.Command;
import io.rollguard.incident.IncidentId;
import io.rollguard.incident.Order;
import io.rollguard.release.Kind;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.verdict.Act;
import io.rollguard.wire.CommandEvents.Read;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CommandEventsTest {

    private static final Instant T = Instant.parse("2026-11-24T10:00:00.123456789Z");

    @ParameterizedTest
    @EnumSource
    void whatWasWrittenIsRead(Command.Kind kind) {
        var command = command(kind);

        var written = CommandEvents.write(command);

        assertThat(read(written.headers().get("ce_type"), written.value())).isEqualTo(new Read.Asked(command));
    }

    @Test
    void headersAndKeyAreThoseOfTheContract() {
        var written = CommandEvents.write(command(Command.Kind.APPROVE));

        assertThat(written.topic()).isEqualTo(Topic.COMMAND);
        assertThat(new String(written.key(), StandardCharsets.UTF_8)).isEqualTo("prod/shop/Rollout/cart");
        assertThat(written.headers())
                .containsEntry("ce_type", "io.rollguard.command.approve.v1")
                .containsEntry("ce_subject", "prod/shop/Rollout/cart")
                .containsEntry("ce_id", new UUID(1, 2).toString())
                .containsEntry("ce_correlationid", new UUID(3, 4).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "io.rollguard.command.launch.v1, {}",
        "io.rollguard.command.approve.v2, {}",
        "io.rollguard.command.approve.v1, {}",
        "io.rollguard.command.approve.v1, nonsense",
        ", {}"
    })
    void whatIsNoCommandIsNone(@Nullable String type, String value) {
        assertThat(read(type, value.getBytes(StandardCharsets.UTF_8))).isInstanceOf(Read.Nothing.class);
        assertThat(read(type, null)).isInstanceOf(Read.Nothing.class);
    }

    private static Read read(@Nullable String type, byte @Nullable [] value) {
        return CommandEvents.read(type, value);
    }

    private static Command command(Command.Kind kind) {
        return new Command(
                new UUID(1, 2),
                kind,
                new IncidentId(new UUID(3, 4)),
                new WorkloadRef("prod", "shop", Kind.ROLLOUT, "cart"),
                "uid-cart",
                12,
                "ann",
                T,
                T.plusSeconds(600),
                kind == Command.Kind.ROLLBACK
                        ? new Order(new RevisionHash("bad1"), Act.ABORT, new RevisionHash("good1"), "it fails", true)
                        : null);
    }
}
