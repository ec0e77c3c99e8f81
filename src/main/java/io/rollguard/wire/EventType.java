package io.rollguard.wire;

import io.rollguard.alert.Alert;
import io.rollguard.incident.Command;
import io.rollguard.reactor.ReleaseEvents;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A type of event that this build writes, and its topic. Each has a JSON Schema of its own, {@code
 * contracts/schemas/<name>.json} among the resources.
 */
public record EventType(String name, Topic topic) {

    /** An identifier, from which nothing is fetched: CloudEvents wants an absolute URI, and no install has a name for all. */
    static final String SCHEMAS = "https://rollguard.io/schemas/";

    static final EventType DEAD_LETTER = new EventType("io.rollguard.dead-letter.v1", Topic.DEAD_LETTER);

    private static final Map<String, EventType> ALL = Stream.of(
                    names(
                            "alert",
                            Topic.ALERT,
                            Arrays.stream(Alert.Status.values()).map(Alert.Status::label)),
                    names(
                            "release",
                            Topic.RELEASE,
                            Arrays.stream(ReleaseEvents.Step.values()).map(ReleaseEvents.Step::label)),
                    names(
                            "incident",
                            Topic.INCIDENT,
                            Stream.of(
                                    "suspected",
                                    "judged",
                                    "intended",
                                    "accepted",
                                    "verified",
                                    "cured",
                                    "uncured",
                                    "failed",
                                    "returned",
                                    "told",
                                    "answered",
                                    "closed")),
                    names(
                            "command",
                            Topic.COMMAND,
                            Arrays.stream(Command.Kind.values()).map(Command.Kind::label)),
                    Stream.of(DEAD_LETTER))
            .flatMap(Function.identity())
            .collect(Collectors.toMap(EventType::name, type -> type, (one, other) -> one, LinkedHashMap::new));

    private static Stream<EventType> names(String about, Topic topic, Stream<String> steps) {
        return steps.map(step -> new EventType("io.rollguard." + about + "." + step + ".v1", topic));
    }

    public static List<EventType> all() {
        return List.copyOf(ALL.values());
    }

    /** What the header {@code ce_dataschema} says; empty where the value is not described: a dead letter, a foreign type. */
    static Optional<String> dataSchema(String name) {
        return Optional.ofNullable(ALL.get(name))
                .filter(type -> type != DEAD_LETTER)
                .map(EventType::schema);
    }

    /** The {@code $id} of its schema. */
    String schema() {
        return SCHEMAS + file();
    }

    /** The name of its schema's file. */
    public String file() {
        return name + ".json";
    }
}
