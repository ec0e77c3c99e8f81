package io.rollguard.verdict;

import io.rollguard.alert.AlertHistory.Span;
import io.rollguard.alert.AlertHistory.State;
import io.rollguard.alert.Onset;
import io.rollguard.release.Trouble;
import io.rollguard.verdict.Case.Hit;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The findings of a case in the form of alerts that name the pods in trouble, so that both are weighed by the same rules: a
 * crash loop counts as an alert on each pod that crashes.
 */
final class FindingHits {

    private FindingHits() {}

    /** By kind; of a kind that is not held against the new revision, none. */
    static Map<Trouble, List<Hit>> of(Case input) {
        var hits = new EnumMap<Trouble, List<Hit>>(Trouble.class);
        input.findings().stream()
                .filter(Finding::isCause)
                .map(Finding::kind)
                .distinct()
                .forEach(kind -> hits.put(kind, hits(input, kind)));
        return hits;
    }

    private static List<Hit> hits(Case input, Trouble kind) {
        var found = input.findings().stream().filter(finding -> finding.kind() == kind);
        return (kind == Trouble.PROGRESS_DEADLINE ? found.flatMap(finding -> behind(input, finding)) : found)
                .map(finding -> hit(input, finding))
                .sorted((one, other) -> String.valueOf(one.pod()).compareTo(String.valueOf(other.pod())))
                .toList();
    }

    /** The pods for which a controller waits in vain. One that found no node does not run, so it tells nothing of what it runs. */
    private static Stream<Finding> behind(Case input, Finding deadline) {
        return input.pods().stream()
                .filter(pod -> !pod.ready() && (!pod.isNew() || pod.node() != null))
                .map(pod -> new Finding(deadline.kind(), pod.revision(), pod.isNew(), pod.name(), deadline.since()));
    }

    private static Hit hit(Case input, Finding finding) {
        Instant since = finding.since();
        return new Hit(
                Finding.fingerprint(
                        finding.kind(), input.release().uid(), input.release().revision()),
                finding.kind().label(),
                "",
                true,
                Relation.NEW_REVISION,
                finding.revision(),
                finding.pod(),
                State.FIRING,
                new Onset(since, since),
                List.of(new Span(since, null, since, since)),
                List.of());
    }
}
