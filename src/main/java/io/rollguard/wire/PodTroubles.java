package io.rollguard.wire;

import static io.rollguard.wire.KubernetesObjects.condition;
import static io.rollguard.wire.KubernetesObjects.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.release.PodTrouble;
import io.rollguard.release.Trouble;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the containers of a pod say is wrong with it. A kubelet's words come and go (a container that crashes runs in between,
 * a pull that fails is tried again), so what is reduced here stands for as long as the trouble does, and not before it is
 * one.
 */
final class PodTroubles {

    /** Restarted so often and down again, it has ended three times; programs that wait for another often crash once or twice. */
    private static final int RESTARTS = 2;

    /** One that crashed so often is well once it has run for so long. */
    private static final Duration STEADY = Duration.ofMinutes(1);

    /** One that ran for so long did not end at once; the kubelet's own measure. */
    private static final Duration LONG_RUN = Duration.ofMinutes(10);

    /** The kubelet tries again after 10 s: what passes by itself (a ConfigMap applied just after, a pull that failed once) has passed. */
    private static final Duration PASSES_WITHIN = Duration.ofSeconds(20);

    /** Pulls that were tried more than once, or never can succeed. */
    private static final List<String> PULL_FAILS = List.of("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull");

    private static final List<String> PULL_FAILED_ONCE =
            List.of("ErrImagePull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed");

    private static final List<String> NOT_CREATED =
            List.of("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PostStartHookError");

    private PodTroubles() {}

    /** The worst of its containers' troubles, and of equal ones the oldest; null where there is none. */
    static @Nullable PodTrouble of(JsonNode pod, Instant createdAt) {
        var status = pod.path("status");
        if (status.path("containerStatuses").isMissingNode()
                && status.path("initContainerStatuses").isMissingNode()) {
            return null;
        }
        var unreadySince = unreadySince(pod, createdAt);
        return Stream.of("initContainerStatuses", "containerStatuses")
                .flatMap(field -> status.path(field).valueStream())
                .map(container -> of(container, createdAt, unreadySince))
                .filter(Objects::nonNull)
                .min(Comparator.comparing(PodTrouble::kind).thenComparing(PodTrouble::since))
                .orElse(null);
    }

    private static @Nullable PodTrouble of(JsonNode container, Instant createdAt, @Nullable Instant unreadySince) {
        var waits = container.path("state").path("waiting").path("reason").asText();
        var begun = unreadySince == null ? createdAt : unreadySince;
        boolean often = container.path("restartCount").asInt(0) >= RESTARTS;
        if (waits.equals("CrashLoopBackOff")) {
            return often ? crashLoop(container, createdAt, unreadySince, null) : null;
        }
        if (PULL_FAILS.contains(waits)) {
            return new PodTrouble(Trouble.IMAGE_PULL, begun, null);
        }
        if (PULL_FAILED_ONCE.contains(waits)) {
            return new PodTrouble(Trouble.IMAGE_PULL, begun.plus(PASSES_WITHIN), null);
        }
        if (NOT_CREATED.contains(waits)) {
            return new PodTrouble(Trouble.NOT_CREATED, begun.plus(PASSES_WITHIN), null);
        }
        return often && endedAtOnce(container.path("lastState").path("terminated"))
                ? betweenCrashes(container, createdAt, unreadySince)
                : null;
    }

    /** It runs again or has just ended: whether it will again is not known yet. */
    private static @Nullable PodTrouble betweenCrashes(
            JsonNode container, Instant createdAt, @Nullable Instant unreadySince) {
        var state = container.path("state");
        var runsSince = time(state.path("running").path("startedAt"));
        if (runsSince != null) {
            return crashLoop(container, createdAt, unreadySince, runsSince.plus(STEADY));
        }
        return endedAtOnce(state.path("terminated")) ? crashLoop(container, createdAt, unreadySince, null) : null;
    }

    private static boolean endedAtOnce(JsonNode terminated) {
        var from = time(terminated.path("startedAt"));
        var to = time(terminated.path("finishedAt"));
        return terminated.path("exitCode").asInt(0) != 0
                && from != null
                && to != null
                && Duration.between(from, to).compareTo(LONG_RUN) < 0;
    }

    /** It goes on since the pod was last ready, or since its last crash if it is ready in between. */
    private static PodTrouble crashLoop(
            JsonNode container, Instant createdAt, @Nullable Instant unreadySince, @Nullable Instant until) {
        var crashedAt = time(container.path("lastState").path("terminated").path("finishedAt"));
        var since = Stream.of(Optional.ofNullable(crashedAt), Optional.ofNullable(unreadySince))
                .flatMap(Optional::stream)
                .min(Comparator.naturalOrder())
                .orElse(createdAt);
        return new PodTrouble(Trouble.CRASH_LOOP, since, until);
    }

    /** Null while it is ready. */
    private static @Nullable Instant unreadySince(JsonNode pod, Instant createdAt) {
        var ready = condition(pod, "Ready");
        if (ready == null) {
            return createdAt;
        }
        if (ready.path("status").asText().equals("True")) {
            return null;
        }
        var since = time(ready.path("lastTransitionTime"));
        return since == null || since.isBefore(createdAt) ? createdAt : since;
    }

    private static @Nullable Instant time(JsonNode node) {
        var text = text(node);
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException notOne) {
            return null;
        }
    }
}
