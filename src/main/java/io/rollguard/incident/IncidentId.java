package io.rollguard.incident;

import io.rollguard.release.Release;
import java.util.UUID;

/** Identity of an incident: the same release gives the same id, whoever sees it and however often. */
public record IncidentId(UUID value) implements Comparable<IncidentId> {

    /** A function of cluster, workload uid, bad revision and the release's start. */
    public static IncidentId of(Release release) {
        return new IncidentId(Uuid5.of(
                "incident",
                release.workload().cluster(),
                release.uid(),
                release.revision().value(),
                release.startedAt().toString()));
    }

    public static IncidentId parse(String text) {
        return new IncidentId(UUID.fromString(text));
    }

    @Override
    public int compareTo(IncidentId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
