package io.rollguard.wire;

import io.rollguard.release.GoodRevision;
import io.rollguard.release.Links;
import io.rollguard.release.NodeFacts;
import io.rollguard.release.PodFacts;
import io.rollguard.release.RevisionFacts;
import io.rollguard.release.ServiceFacts;
import io.rollguard.release.WorkloadFacts;
import java.time.Instant;

/** What {@link KubernetesObjects} makes of one object. */
public sealed interface Reduced {

    record Workload(WorkloadFacts facts, Links links) implements Reduced {}

    record Revision(RevisionFacts facts) implements Reduced {}

    record Good(GoodRevision revision) implements Reduced {}

    record Pod(PodFacts facts) implements Reduced {}

    record Service(ServiceFacts facts) implements Reduced {}

    record Node(NodeFacts facts) implements Reduced {}

    /** @param node whose kubelet renewed its lease */
    record Lease(String node, Instant renewedAt) implements Reduced {}

    /** Nothing in it is used. */
    record Unused() implements Reduced {}

    /**
     * An object of a kind that is used, which could not be understood.
     *
     * @param object {@code Kind namespace/name}, as far as known
     * @param reason without any content of the object beyond names of fields
     */
    record Unreadable(String object, String reason) implements Reduced {}
}
