package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.rollguard.release.PodFacts;
import io.rollguard.release.Trouble;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kubelet's words amount to, seen a minute after the pod was made. */
class PodTroublesTest {

    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Instant MADE = Instant.parse("2026-11-23T10:00:00Z");
    private static final Instant SEEN = MADE.plusSeconds(60);

    private static final String CRASHED =
            "lastState: {terminated: {exitCode: 1, startedAt: '2026-11-23T10:00:40Z', finishedAt: '2026-11-23T10:00:50Z'}}";
    private static final String RAN_LONG =
            "lastState: {terminated: {exitCode: 1, startedAt: '2026-11-22T10:00:40Z', finishedAt: '2026-11-23T10:00:50Z'}}";
    private static final String ENDED_WELL =
            "lastState: {terminated: {exitCode: 0, startedAt: '2026-11-23T10:00:40Z', finishedAt: '2026-11-23T10:00:50Z'}}";
    private static final String RUNS = "state: {running: {startedAt: '2026-11-23T10:00:55Z'}}";

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "backing off after several crashes | {restartCount: 2, state: {waiting: {reason: CrashLoopBackOff}}, CRASHED} | CRASH_LOOP",
                "one crash is no loop | {restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, CRASHED} |",
                "between two crashes | {restartCount: 3, RUNS, CRASHED} | CRASH_LOOP",
                "just ended again | {restartCount: 3, state: {terminated: {exitCode: 1, startedAt: '2026-11-23T10:00:58Z', finishedAt: '2026-11-23T10:00:59Z'}}, CRASHED} | CRASH_LOOP",
                "crashed once after a long run | {restartCount: 7, RUNS, RAN_LONG} |",
                "restarted though it ended well | {restartCount: 7, RUNS, ENDED_WELL} |",
                "runs | {restartCount: 0, RUNS} |",
                "slow to start | {restartCount: 0, state: {waiting: {reason: ContainerCreating}}} |",
                "not initialized | {restartCount: 0, state: {waiting: {reason: PodInitializing}}} |",
                "the image can't be pulled | {restartCount: 0, state: {waiting: {reason: ImagePullBackOff}}} | IMAGE_PULL",
                "the image has no name | {restartCount: 0, state: {waiting: {reason: InvalidImageName}}} | IMAGE_PULL",
                "pulls fail for a while | {restartCount: 0, state: {waiting: {reason: ErrImagePull}}} | IMAGE_PULL",
                "a ConfigMap is missing | {restartCount: 0, state: {waiting: {reason: CreateContainerConfigError}}} | NOT_CREATED",
                "no such command | {restartCount: 0, state: {waiting: {reason: RunContainerError}}} | NOT_CREATED",
                "a word of tomorrow | {restartCount: 9, state: {waiting: {reason: SomethingNew}}} |",
                "no word at all | {} |"
            })
    void aContainerIsInTrouble(String why, String container, @Nullable Trouble expected) {
        assertThat(trouble(pod("containerStatuses: [" + container + "]"), SEEN)).isEqualTo(expected);
        assertThat(trouble(pod("initContainerStatuses: [" + container + "]"), SEEN))
                .as("of an init container")
                .isEqualTo(expected);
    }

    @Test
    void whatPassesByItselfIsTroubleOnlyIfItStays() {
        var pod = pod("containerStatuses: [{restartCount: 0, state: {waiting: {reason: CreateContainerConfigError}}}]");

        assertThat(trouble(pod, MADE.plusSeconds(19))).isNull();
        assertThat(trouble(pod, MADE.plusSeconds(20))).isEqualTo(Trouble.NOT_CREATED);
    }

    @Test
    void oneThatCrashedOftenIsWellOnceItHasRunForAMinute() {
        var pod = pod("containerStatuses: [{restartCount: 5, RUNS, CRASHED}]");

        assertThat(trouble(pod, Instant.parse("2026-11-23T10:01:54Z"))).isEqualTo(Trouble.CRASH_LOOP);
        assertThat(trouble(pod, Instant.parse("2026-11-23T10:01:55Z"))).isNull();
    }

    @Test
    void aCrashLoopBeganWhenThePodWasLastReady() {
        var pod = pod("""
                conditions: [{type: Ready, status: 'False', lastTransitionTime: '2026-11-23T10:00:30Z'}],
                containerStatuses: [{restartCount: 5, state: {waiting: {reason: CrashLoopBackOff}}, CRASHED}]""");

        assertThat(pod.trouble().since()).isEqualTo(Instant.parse("2026-11-23T10:00:30Z"));
    }

    @Test
    void aPodThatIsReadyInBetweenCrashesSinceItsLastCrash() {
        var pod = pod("""
                conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-11-23T10:00:55Z'}],
                containerStatuses: [{restartCount: 5, RUNS, CRASHED}]""");

        assertThat(pod.trouble().since()).isEqualTo(Instant.parse("2026-11-23T10:00:50Z"));
    }

    @Test
    void onePodInTroubleIsEnoughForItsContainersTogether() {
        var pod = pod("""
                containerStatuses: [{restartCount: 0, RUNS},
                  {restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}, CRASHED}]""");

        assertThat(trouble(pod, SEEN)).isEqualTo(Trouble.CRASH_LOOP);
    }

    private static @Nullable Trouble trouble(PodFacts pod, Instant at) {
        return pod.isInTrouble(at) && pod.trouble() != null ? pod.trouble().kind() : null;
    }

    private static PodFacts pod(String status) {
        var text =
                "{apiVersion: v1, kind: Pod, metadata: {name: cart-x, namespace: shop, creationTimestamp: '%s'}, status: {%s}}"
                        .formatted(
                                MADE,
                                status.replace("CRASHED", CRASHED)
                                        .replace("RAN_LONG", RAN_LONG)
                                        .replace("ENDED_WELL", ENDED_WELL)
                                        .replace("RUNS", RUNS));
        return ((Reduced.Pod) KubernetesObjects.reduce("c", node(text))).facts();
    }

    private static JsonNode node(String yaml) {
        try {
            return YAML.readTree(yaml);
        } catch (IOException e) {
            throw new IllegalArgumentException(yaml, e);
        }
    }
}
