package io.rollguard.policy;

import io.rollguard.release.Reference;
import io.rollguard.verdict.Reason;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What was found out before a template is put back, and what follows from it. What is known to be missing, or to have no
 * room, forbids the restore before anything is changed; what could not be looked at forbids nothing, and is said with the
 * outcome (docs/adr/017).
 *
 * @param references what the template names, and whether it is there
 * @param quotas of the namespace; null where they could not be looked at
 * @param pods how many pods beyond the present ones must fit before any can be replaced
 * @param perPod what one pod of the template takes of a quota at least, by the quota's name of the resource
 */
public record Preflight(
        Map<Reference, Presence> references, @Nullable List<Quota> quotas, int pods, Map<String, BigDecimal> perPod) {

    /** Whether an object is there. */
    public enum Presence {
        THERE,
        MISSING,
        NOT_CHECKED
    }

    /**
     * A ResourceQuota.
     *
     * @param scoped it counts some pods only; whether the template's are among them is not looked at
     * @param left by resource, how much of it is not used
     */
    public record Quota(String name, boolean scoped, Map<String, BigDecimal> left) {
        public Quota {
            left = Map.copyOf(left);
        }
    }

    /** What follows. */
    public sealed interface Outcome {

        /** Nothing speaks against the restore. The note says what was not checked; empty where everything was. */
        record Clear(String note) implements Outcome {}

        record Forbidden(Reason reason, String detail) implements Outcome {}
    }

    public Preflight {
        references = Map.copyOf(references);
        quotas = quotas == null ? null : List.copyOf(quotas);
        perPod = Map.copyOf(perPod);
    }

    public Outcome outcome() {
        var missing = named(Presence.MISSING, Reference::needed);
        if (!missing.isEmpty()) {
            return new Outcome.Forbidden(Reason.REFERENCE_MISSING, missing);
        }
        return quotas == null
                ? new Outcome.Clear(note())
                : quotas.stream()
                        .flatMap(quota -> shortOf(quota).stream())
                        .findFirst()
                        .<Outcome>map(detail -> new Outcome.Forbidden(Reason.NO_QUOTA_LEFT, detail))
                        .orElseGet(() -> new Outcome.Clear(note()));
    }

    /** What there is too little of. What a pod takes is a lower bound, so what it says is sure. */
    private Optional<String> shortOf(Quota quota) {
        if (quota.scoped()) {
            return Optional.empty();
        }
        return new TreeMap<>(quota.left())
                .entrySet().stream()
                        .filter(each -> need(each.getKey()).compareTo(each.getValue()) > 0)
                        .findFirst()
                        .map(each -> "ResourceQuota %s leaves %s %s, and %s is needed"
                                .formatted(
                                        quota.name(),
                                        plain(each.getValue()),
                                        each.getKey(),
                                        plain(need(each.getKey()))));
    }

    private BigDecimal need(String resource) {
        return perPod.getOrDefault(resource, BigDecimal.ZERO).multiply(BigDecimal.valueOf(pods));
    }

    private static String plain(BigDecimal number) {
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }

    private String note() {
        var notes = new ArrayList<String>();
        var notChecked = new ArrayList<String>();
        add(notChecked, named(Presence.NOT_CHECKED, each -> true));
        if (quotas == null) {
            notChecked.add("quotas");
        } else if (pods > 0) {
            quotas.stream().filter(Quota::scoped).forEach(quota -> notChecked.add("ResourceQuota " + quota.name()));
        }
        add(notes, notChecked.isEmpty() ? "" : "not checked: " + String.join(", ", notChecked));
        var absent = named(Presence.MISSING, each -> !each.needed());
        add(notes, absent.isEmpty() ? "" : "missing, and pods may start without: " + absent);
        return String.join("; ", notes);
    }

    private static void add(Collection<String> to, String text) {
        if (!text.isEmpty()) {
            to.add(text);
        }
    }

    private String named(Presence presence, Predicate<Reference> which) {
        return references.entrySet().stream()
                .filter(each -> each.getValue() == presence)
                .map(Map.Entry::getKey)
                .filter(which)
                .sorted()
                .map(Reference::toString)
                .collect(Collectors.joining(", "));
    }
}
