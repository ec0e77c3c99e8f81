package io.rollguard.incident;

import io.rollguard.alert.Episode;
import io.rollguard.policy.Allowed;
import io.rollguard.release.Release;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadRef;
import io.rollguard.release.Write;
import io.rollguard.verdict.Act;
import io.rollguard.verdict.Case;
import io.rollguard.verdict.Reason;
import io.rollguard.verdict.Verdict;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the incident log.
 *
 * @param version the incident's count of events, this one included, as its writer knew it
 * @param attempt the try to act that this is about; 0 before the first
 * @param by who wrote it: the instance, the notifier, or a person
 * @param at the writer's clock; windows are measured with the broker's append time instead
 */
public record IncidentEvent(
        IncidentId incident,
        long version,
        int attempt,
        WorkloadRef workload,
        String uid,
        RevisionHash revision,
        @Nullable RevisionHash target,
        Act act,
        String by,
        @Nullable Reason reason,
        Instant at,
        Step step) {

    /** What happened. The label is the step in the event's type. */
    public sealed interface Step {

        /** First evidence against a release; opens the incident, or opens it again. */
        record Suspected(Release release) implements Step {}

        /**
         * A changed judgement.
         *
         * @param input null where it was too large to be recorded
         * @param command what a person would type where Rollguard leaves the act to people; null otherwise
         */
        record Judged(
                Verdict verdict,
                Allowed allowed,
                @Nullable Case input,
                @Nullable String command) implements Step {

            public Judged(Verdict verdict, Allowed allowed, @Nullable Case input) {
                this(verdict, allowed, input, null);
            }
        }

        /** Rollguard will act, unless the log says otherwise at this place. */
        record Intended(List<Episode> triggers) implements Step {
            public Intended {
                triggers = List.copyOf(triggers);
            }
        }

        /**
         * The cluster took the request, or what was asked for was found done.
         *
         * @param snapshot the ControllerRevision that holds the template which was replaced; null where none was
         * @param next what people have to know of it for their next deployment; null where nothing
         */
        record Accepted(
                String detail,
                @Nullable String snapshot,
                @Nullable String next) implements Step {

            public Accepted(String detail) {
                this(detail, null, null);
            }
        }

        /** Pods and traffic are on the target. */
        record Verified(String detail) implements Step {}

        /** The causing alerts have been quiet for the dwell time. */
        record Cured() implements Step {}

        /**
         * They go on after the deadline: a person must look.
         *
         * @param snapshot as in {@link Accepted}
         * @param forward what a person would type to let the release go on after all; null where nobody knows
         */
        record Uncured(
                String detail,
                @Nullable String snapshot,
                @Nullable String forward) implements Step {

            public Uncured(String detail) {
                this(detail, null, null);
            }
        }

        /**
         * The revision that was rolled back from is current again. It is told and left where it is.
         *
         * @param who put it back; null where managedFields do not tell
         * @param command what a person would type to roll it back again
         */
        record Returned(@Nullable Write who, String command) implements Step {}

        /**
         * The attempt ended without the target being reached.
         *
         * @param again whether another attempt may follow by itself
         * @param command what a person would type instead
         * @param snapshot as in {@link Accepted}
         */
        record Failed(
                boolean again,
                String detail,
                String command,
                @Nullable String snapshot) implements Step {

            public Failed(boolean again, String detail, String command) {
                this(again, detail, command, null);
            }
        }

        /**
         * A message stands in a channel, or was deleted there.
         *
         * @param kind which message of the incident
         * @param messageId the channel's name for it
         * @param digest of what it says; empty once it is deleted
         * @param under id of the message that it answers; null for one of the channel itself
         */
        record Told(
                String kind,
                String channel,
                String messageId,
                String digest,
                @Nullable String under) implements Step {

            /** The digest of a message that stands there, whatever it says by now. */
            public static final String UNREAD = "unread";

            private static final String DELETED = "";

            public boolean isDeleted() {
                return digest.equals(DELETED);
            }

            public Told deleted() {
                return new Told(kind, channel, messageId, DELETED, under);
            }

            public boolean isAboutTheSame(Told other) {
                return channel.equals(other.channel) && messageId.equals(other.messageId);
            }

            boolean answers(Told root) {
                return root.messageId.equals(under);
            }
        }

        /**
         * A person's command was taken up; the event is by that person. Its reason says why it is not followed.
         *
         * @param id of the command, so that one that is delivered again is not answered again
         * @param seen the version of the incident that the person looked at
         * @param order what is to be done; null unless it is a rollback
         */
        record Answered(
                Command.Kind command,
                UUID id,
                long seen,
                @Nullable Order order) implements Step {

            public Answered {
                if ((command == Command.Kind.ROLLBACK) != (order != null)) {
                    throw new IllegalArgumentException("a rollback, and nothing else, says what is to be done");
                }
            }

            public Answered(Command.Kind command, UUID id, long seen) {
                this(command, id, seen, null);
            }
        }

        /** Nothing more is expected. The reason is the event's. */
        record Closed() implements Step {}

        /** A kind that this build does not know: acting stops, reading goes on. */
        record Unknown(String type) implements Step {}

        default String label() {
            return switch (this) {
                case Suspected s -> "suspected";
                case Judged s -> "judged";
                case Intended s -> "intended";
                case Accepted s -> "accepted";
                case Verified s -> "verified";
                case Cured s -> "cured";
                case Uncured s -> "uncured";
                case Failed s -> "failed";
                case Returned s -> "returned";
                case Told s -> "told";
                case Answered s -> "answered";
                case Closed s -> "closed";
                case Unknown s -> "unknown";
            };
        }
    }
}
