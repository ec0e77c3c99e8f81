package io.rollguard.incident;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** Which incidents are held, and of which the input is, in the order of their last change; says what has to go. */
final class Held {

    private final Room room;
    private final SequencedMap<IncidentId, Integer> openInputs = new LinkedHashMap<>();
    private final SequencedMap<IncidentId, Integer> closedInputs = new LinkedHashMap<>();
    private final Map<Room.Kind, SequencedSet<IncidentId>> closed = new EnumMap<>(Room.Kind.class);
    private long parts;

    Held(Room room) {
        this.room = room;
        for (var kind : Room.Kind.values()) {
            closed.put(kind, new LinkedHashSet<>());
        }
    }

    void changed(Incident incident) {
        forget(incident.id());
        if (!incident.isOpen()) {
            Objects.requireNonNull(closed.get(Room.Kind.of(incident))).add(incident.id());
        }
        var judged = incident.judged();
        if (judged != null && judged.input() != null) {
            int size = Room.parts(judged.input());
            (incident.isOpen() ? openInputs : closedInputs).put(incident.id(), size);
            parts += size;
        }
    }

    void forget(IncidentId id) {
        closed.values().forEach(each -> each.remove(id));
        forgetInput(id);
    }

    void forgetInput(IncidentId id) {
        var open = openInputs.remove(id);
        var ended = closedInputs.remove(id);
        parts -= (open == null ? 0 : open) + (ended == null ? 0 : ended);
    }

    Optional<IncidentId> incidentTooMany() {
        return closed.values().stream()
                .filter(each -> each.size() > room.closed())
                .map(SequencedSet::getFirst)
                .findFirst();
    }

    Optional<IncidentId> inputTooMany() {
        if (parts <= room.inputParts()) {
            return Optional.empty();
        }
        return Optional.of((closedInputs.isEmpty() ? openInputs : closedInputs)
                .firstEntry()
                .getKey());
    }
}
