package io.rollguard.verdict;

import io.rollguard.alert.Fingerprint;
import org.jspecify.annotations.Nullable;

/**
 * One named vote or veto.
 *
 * @param name from a closed list: for a veto the code of its {@link Reason}
 * @param relation how the alert is about the workload; null where it is not about it
 * @param weight of a vote, 0 to 1; of a veto, 1
 * @param alert the alert it came from; null where it came from the cluster
 * @param text a sentence with the numbers; holds values of labels, so it is foreign text
 */
public record Evidence(
        Kind kind,
        String name,
        @Nullable Relation relation,
        double weight,
        @Nullable Fingerprint alert,
        String text) {

    public enum Kind {
        VOTE("vote"),
        VETO("veto");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    static Evidence vote(String name, Relation relation, double weight, @Nullable Fingerprint alert, String text) {
        return new Evidence(Kind.VOTE, name, relation, weight, alert, text);
    }

    static Evidence veto(Reason reason, @Nullable Relation relation, @Nullable Fingerprint alert, String text) {
        return new Evidence(Kind.VETO, reason.code(), relation, 1, alert, text);
    }
}
