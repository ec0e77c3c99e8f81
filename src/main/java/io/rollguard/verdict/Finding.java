package io.rollguard.verdict;

import io.rollguard.alert.Episode;
import io.rollguard.alert.Fingerprint;
import io.rollguard.alert.Labels;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.Trouble;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the cluster itself shows against a revision of a workload, without any alert.
 *
 * @param revision that it is about
 * @param isNew whether that is the release's new one
 * @param pod that is in trouble; null where it is about the revision as a whole
 * @param since when it began, as far as the objects tell
 */
public record Finding(
        Trouble kind,
        RevisionHash revision,
        boolean isNew,
        @Nullable String pod,
        Instant since) {

    /** Whether it may start an incident. */
    boolean isCause() {
        return isNew && kind != Trouble.QUOTA;
    }

    /**
     * What stands for an alert's firing where a finding is the cause: one for each kind of trouble of a release. It follows from
     * the objects alone, so every instance names the same, and no other release can ever have spent it.
     */
    public static Episode episode(Trouble kind, String uid, RevisionHash revision, Instant releaseStartedAt) {
        return new Episode(fingerprint(kind, uid, revision), releaseStartedAt);
    }

    /** The kind of finding that an episode of that revision stands for; empty where it is the firing of an alert. */
    public static Optional<Trouble> in(Episode episode, String uid, RevisionHash revision) {
        return Arrays.stream(Trouble.values())
                .filter(kind -> fingerprint(kind, uid, revision).equals(episode.fingerprint()))
                .findFirst();
    }

    static Fingerprint fingerprint(Trouble kind, String uid, RevisionHash revision) {
        return Fingerprint.of(
                Labels.of(Map.of("rollguard_finding", kind.label(), "uid", uid, "revision", revision.value())));
    }
}
