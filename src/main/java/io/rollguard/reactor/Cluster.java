package io.rollguard.reactor;

import io.rollguard.policy.Rights;
import io.rollguard.release.ClusterObjects;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Reason;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The cluster as the reactor needs it: reduced objects kept current by watches, fresh reads, and the writes of acts. */
public interface Cluster {

    /** The namespace that Rollguard runs in, which is never touched; empty where it runs outside and none is configured. */
    Optional<String> ownNamespace();

    /** The reduced objects, kept current. */
    ClusterObjects objects();

    /** Whether every watch has delivered what was there when it began. */
    boolean isWhole();

    /** Whether the API server has answered within the last seconds, whatever it said. */
    boolean answers();

    /** What Rollguard may do in a namespace, as the cluster said; empty while it has not said. */
    Optional<Rights> rights(String namespace);

    /** What it may do in the namespaces watched, as far as the cluster has said; the empty name stands for all. */
    Map<String, Rights> rights();

    /** Calls back, soon, for each workload about which something changed. The callback must not block. */
    void onChange(Consumer<WorkloadRef> listener);

    /** When the kubelets of these nodes last renewed their leases; a node whose lease can't be read is left out. */
    Map<String, Instant> leases(Collection<String> nodes);

    /** Reads the pause switch. What can't be read counts as paused. */
    Pause pause();

    /** What is asked of the cluster beside the object, when somebody is found guilty. */
    record Checks(Map<String, Instant> leases, Pause pause) {}

    /** Asks for both of them now, and for nothing that depends on the other; what is returned waits for the answers. */
    default Supplier<Checks> ask(Collection<String> nodes) {
        return () -> new Checks(leases(nodes), pause());
    }

    /** Turns the pause switch, on behalf of the person that it names. */
    Answer pause(Pause pause);

    /** Reads a workload past every cache. */
    Reading read(WorkloadRef workload);

    /**
     * Asks for the abort of a canary. The request carries uid, generation, both hashes and the resourceVersion of the
     * reading as tests.
     */
    Answer abort(Reading.Found as, RevisionHash bad, RevisionHash stable);

    /**
     * Puts the pod template of a good revision back. Takes a snapshot first, checks by a server-side dry run, and sends the
     * whole bad template, uid and version of the reading as tests; marks what it moved away from.
     *
     * @param stillOurs asked once more right before the write, since what comes before it takes its time
     */
    Answer restore(Reading.Found as, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs);

    /** What the API server says to the act without doing it; writes nothing. */
    Answer rehearse(Act act, Reading.Found as, RevisionHash bad, RevisionHash target);

    /**
     * Does what an act still needs. The request carries as tests what makes it right: the uid, resourceVersion and hashes of the
     * reading, and the state that asks for it.
     *
     * @param stillOurs as for a restore, which going back is
     */
    Answer finish(Reading.Found as, FollowUp what, RevisionHash bad, RevisionHash target, BooleanSupplier stillOurs);

    /** Keeps a good revision with its pristine template beside its workload. */
    Answer keepGood(Reading.Found as, GoodRevision revision);

    /** Who last wrote what decides which revision the workload runs; empty where managedFields do not tell. */
    Optional<Write> lastWrite(Reading.Found reading);

    /** The name under which the template of this revision lies once a restore has replaced it. */
    String snapshotOf(WorkloadRef workload, RevisionHash revision);

    /** The command that a person would type to do the same. */
    String manualCommand(WorkloadRef workload, Act act, @Nullable RevisionHash target);

    /** The command that a person would type to let this revision go on after the act took it back. */
    String forwardCommand(WorkloadRef workload, Act act, RevisionHash revision);

    /** The command that a person would type to do what is left of an act. */
    String manualCommand(WorkloadRef workload, FollowUp what);

    /** The pause switch: whether automatic acts are held, by whom and why. */
    record Pause(boolean paused, String by, String reason) {
        public static final Pause NONE = new Pause(false, "", "");
    }

    /** A fresh read. */
    sealed interface Reading {

        /**
         * The workload as it is now.
         *
         * @param version of this read, as a request that rests on it tests it: while the object still has it, that request may
         *     land
         * @param raw what the edge needs to write on top of this read; opaque to everybody else
         */
        record Found(WorkloadFacts facts, String version, Object raw) implements Reading {
            /** Raw objects hold pod templates, which no log may show. */
            @Override
            public String toString() {
                return facts.ref() + " at " + version;
            }
        }

        record Gone() implements Reading {}

        /** Not read; {@code again} where trying once more may help. */
        record Failed(boolean again, String detail) implements Reading {}
    }

    /** What became of a write. Edges say transient or permanent here. */
    sealed interface Answer {

        /** Done. The detail tells what for the record, without any content of the object. */
        record Done(String detail) implements Answer {}

        /** A precondition failed: the object is not what was judged. Read and judge again. */
        record Moved(String detail) implements Answer {}

        /** Refused for good: trying again changes nothing. */
        record Refused(Reason reason, String detail) implements Answer {}

        /** Not done, and may pass: overload, a server error. */
        record NotDone(String detail) implements Answer {}

        /** Nobody knows whether it was done: the answer was lost. Look at the object. */
        record Unsure(String detail) implements Answer {}
    }
}
