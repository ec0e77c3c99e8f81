package io.rollguard.wire;

import io.rollguard.incident.Command;
import io.rollguard.incident.IncidentId;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What people ask about incidents, as records and back without loss. */
public final class CommandEvents {

    private static final String PREFIX = "io.rollguard.command.";
    private static final String VERSION = ".v1";

    private CommandEvents() {}

    /** What a record of the command topic turned out to be. */
    public sealed interface Read {

        record Asked(Command command) implements Read {}

        /** No command that this build knows. */
        record Nothing(String problem) implements Read {}
    }

    public static EventRecord write(Command command) {
        var workload = command.workload();
        var json = Json.object();
        json.put("command", command.id().toString());
        json.put("incident", command.incident().toString());
        json.put("seen", command.seen());
        json.set("workload", ReleaseJson.workload(workload, command.uid()));
        json.put("by", command.by());
        json.put("at", command.at().toString());
        json.put("expiresAt", command.expiresAt().toString());
        var order = command.order();
        if (order != null) {
            json.put("revision", order.revision().value());
            json.put("act", order.act().label());
            json.put("target", order.target().value());
            json.put("why", order.why());
            json.put("force", order.force());
        }
        var headers = CloudEvent.headers(
                command.id(),
                PREFIX + command.kind().label() + VERSION,
                CloudEvent.source(workload.cluster(), "api"),
                workload.toString(),
                command.at(),
                command.incident().toString(),
                CloudEvent.JSON);
        return new EventRecord(Topic.COMMAND, workload.toString(), headers, Json.write(json));
    }

    /** @param type the header {@code ce_type}; null where there is none */
    public static Read read(@Nullable String type, byte @Nullable [] value) {
        var kind = kind(type);
        if (kind.isEmpty() || value == null) {
            return new Read.Nothing("its type is no command that this version knows");
        }
        try {
            return new Read.Asked(command(kind.get(), new Fields(Json.read(value), "")));
        } catch (Unreadable e) {
            return new Read.Nothing(String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            return new Read.Nothing("not JSON");
        }
    }

    private static Optional<Command.Kind> kind(@Nullable String type) {
        return Arrays.stream(Command.Kind.values())
                .filter(kind -> (PREFIX + kind.label() + VERSION).equals(type))
                .findFirst();
    }

    private static Command command(Command.Kind kind, Fields json) {
        var workload = json.object("workload");
        return new Command(
                json.as("command", UUID::fromString),
                kind,
                json.as("incident", IncidentId::parse),
                ReleaseJson.workload(workload),
                workload.text("uid"),
                json.longNumber("seen", Long.MAX_VALUE),
                json.text("by"),
                json.time("at"),
                json.time("expiresAt"),
                kind == Command.Kind.ROLLBACK ? IncidentEvents.order(json) : null);
    }
}
