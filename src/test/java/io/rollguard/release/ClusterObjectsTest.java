package io.rollguard.release;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.WorkloadFacts.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** The indexes answer what a look at everything would answer, whatever was put, replaced and removed before. */
class ClusterObjectsTest {

    private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
    private static final List<String> WORKLOADS = List.of("api", "web", "twin");

    @Property(tries = 300)
    void findsByHashAndBySelectorWhatALookAtEverythingFinds(@ForAll long seed) {
        var random = new Random(seed);
        var objects = new ClusterObjects("eu");
        WORKLOADS.forEach(name -> objects.put(workload(name)));
        var revisions = new TreeMap<String, RevisionFacts>();
        var services = new TreeMap<String, ServiceFacts>();
        for (int step = 0; step < 40; step++) {
            var name = "object-" + random.nextInt(4);
            switch (random.nextInt(4)) {
                case 0 -> {
                    var revision = revision(name, random);
                    objects.put(revision);
                    revisions.put(name, revision);
                }
                case 1 -> {
                    var service = new ServiceFacts("shop", name, labels(random));
                    objects.put(service);
                    services.put(name, service);
                }
                case 2 -> {
                    objects.removeRevision("shop", name);
                    revisions.remove(name);
                }
                default -> {
                    objects.removeService("shop", name);
                    services.remove(name);
                }
            }
        }

        for (var hash : List.of("aaaa", "bbbb")) {
            assertThat(objects.revisions("shop", new RevisionHash(hash)))
                    .containsExactlyElementsOf(revisions.values().stream()
                            .filter(each -> each.hash().value().equals(hash))
                            .toList());
        }
        for (var revision : revisions.values()) {
            assertThat(objects.servicesOf(revision))
                    .containsExactlyInAnyOrderElementsOf(services.values().stream()
                            .filter(service -> service.selects(revision.podLabels()))
                            .toList());
        }
        for (var service : services.values()) {
            Set<String> behind = objects.workloadsBehind(service)
                    .map(WorkloadFacts::uid)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(behind)
                    .isEqualTo(revisions.values().stream()
                            .filter(revision -> service.selects(revision.podLabels()))
                            .map(RevisionFacts::workloadUid)
                            .collect(Collectors.toCollection(TreeSet::new)));
        }
    }

    /** Whenever they completed, and whatever bake time some have of their own. */
    @Property(tries = 300)
    void theActiveReleasesAreThoseThatALookAtEveryWorkloadFinds(@ForAll long seed) {
        var random = new Random(seed);
        var objects = new ClusterObjects("eu");
        for (var name : WORKLOADS) {
            objects.put(revision(name, "bbbb", 1, T0.minusSeconds(86_400)));
            objects.put(revision(name, "aaaa", 2, T0));
        }
        for (int step = 0; step < 12; step++) {
            var name = WORKLOADS.get(random.nextInt(WORKLOADS.size()));
            if (random.nextInt(4) == 0) {
                objects.remove(new WorkloadRef("eu", "shop", Kind.DEPLOYMENT, name));
            } else {
                boolean complete = random.nextInt(3) > 0;
                boolean tells = random.nextInt(4) > 0;
                var bakeTime = random.nextInt(4) == 0 ? Duration.ofMinutes(random.nextInt(90)) : null;
                objects.put(workload(
                        name,
                        complete,
                        tells ? T0.plusSeconds(60L * random.nextInt(30)) : null,
                        new Settings(null, bakeTime, null, null)));
            }
        }
        var releases = new Releases(objects, Duration.ofMinutes(30));

        for (int minute = 0; minute <= 120; minute += 10) {
            var at = T0.plusSeconds(60L * minute);
            var expected = objects.workloads("shop")
                    .flatMap(workload -> releases.of(workload, at).stream())
                    .toList();
            assertThat(releases.active("shop", at)).containsExactlyInAnyOrderElementsOf(expected);
            assertThat(releases.active(at)).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    private static RevisionFacts revision(String workload, String hash, int number, Instant at) {
        return new RevisionFacts(
                "shop",
                workload + "-" + hash,
                workload,
                new RevisionHash(hash),
                number,
                false,
                at,
                1,
                1,
                Map.of(),
                hash,
                hash);
    }

    private static RevisionFacts revision(String name, Random random) {
        var hash = random.nextBoolean() ? "aaaa" : "bbbb";
        var uid = WORKLOADS.get(random.nextInt(WORKLOADS.size()));
        return new RevisionFacts(
                "shop", name, uid, new RevisionHash(hash), 1, false, T0, 1, 1, labels(random), hash, hash);
    }

    private static Map<String, String> labels(Random random) {
        var labels = new TreeMap<String, String>();
        for (var key : List.of("app", "tier", "part-of")) {
            if (random.nextInt(3) > 0) {
                labels.put(key, List.of("x", "longer", "edge").get(random.nextInt(3)));
            }
        }
        return labels;
    }

    private static WorkloadFacts workload(String name) {
        return workload(name, false, null, Settings.NONE);
    }

    private static WorkloadFacts workload(
            String name, boolean complete, @Nullable Instant completedAt, Settings settings) {
        return WorkloadFacts.of(new WorkloadRef("eu", "shop", Kind.DEPLOYMENT, name), name, Strategy.ROLLING)
                .pods(1, 1, 1, 1)
                .revisions(new RevisionHash("aaaa"), null)
                .complete(complete, completedAt)
                .settings(settings)
                .build();
    }
}
