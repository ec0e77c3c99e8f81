package io.rollguard.incident;

import io.rollguard.release.Release;
import java.util.UUID;

/**
 * Identity of an incident: the same release gives the same id, whoever sees it and however often; a revision that comes back
 * gives another. Its start alone would not tell the two apart: controllers keep times by the second, and some do not write
 * down when an old revision became current again. The number that they give it moves each time.
 */
public record IncidentId(UUID value) implements Comparable<IncidentId> {

    /** A function of cluster, workload uid, bad revision with its number, and the release's start. */
    public static IncidentId of(Release release) {
        var start = release.startedAt().toString();
        return new IncidentId(Uuid5.of(
                "incident",
                release.workload().cluster(),
                release.uid(),
                release.revision().value(),
                release.number() == 0 ? start : start + "#" + release.number()));
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
