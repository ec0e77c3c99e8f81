package io.rollguard.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollguard.release.Kind;
import io.rollguard.sandbox.stage.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How long each act takes on a real control plane, beside a person who types it, by turns in one run. Both are looked at from
 * outside in the same way: from the request (a command: from its start) until pods and traffic are back. Rollguard's own
 * word, {@code verified}, comes after that, from what its watches show. Writes the table of docs/semantics.md to
 * {@code target/act-times.md}; {@code -Drollguard.rounds} asks for more rounds than one.
 */
@Tag("cluster")
class ActTimesIT extends Scene {

    private static final int ROUNDS = Integer.getInteger("rollguard.rounds", 1);
    private static final int PODS = 4;
    private static final String LONG = "30m";
    private static final String BRIEF = "2s";
    private static final String IN_STEPS = "{steps: [{setWeight: 50}, {pause: {duration: 3s}}]}";
    private static final String AT_60 =
            "{canaryService: %1$s-canary, stableService: %1$s, trafficRouting: {nginx: {stableIngress: %1$s}},"
                    + " steps: [{setWeight: 60}, {pause: {}}]}";

    /** What is measured of one workload: from the request until it is back, and until Rollguard says so; 0 where nobody says. */
    private record Time(long backMillis, long verifiedMillis) {}

    /** A workload with a good and a bad revision. */
    private record Shipped(String name, String good, String bad) {}

    /**
     * A bad release, and the way back from it.
     *
     * @param command that a person types; empty where the template is put back by the same request that the plugin's undo sends
     * @param isInProgress whether it is taken back while it is a canary, else once it has taken everything
     * @param isLeft whether no user is on the bad revision any more
     */
    private record Row(
            String act,
            String command,
            Kind kind,
            boolean isInProgress,
            Predicate<Shipped> isLeft,
            Consumer<String> create,
            List<Time> byHand,
            List<Time> ours) {
        Row(
                String act,
                String command,
                Kind kind,
                boolean isInProgress,
                Predicate<Shipped> isLeft,
                Consumer<String> create) {
            this(act, command, kind, isInProgress, isLeft, create, new ArrayList<>(), new ArrayList<>());
        }
    }

    ActTimesIT() {
        super(new RealCluster(), 1);
    }

    private List<Row> rows() {
        var abort =
                "kubectl patch rollout %s -n %s --subresource=status --type=merge -p '{\"status\":{\"abort\":true}}'";
        return List.of(
                new Row(
                        "abort a canary",
                        abort,
                        Kind.ROLLOUT,
                        true,
                        shipped -> isWithoutPods(Kind.ROLLOUT, shipped),
                        name -> shop().createRollout(name, PODS, "[{setWeight: 50}, {pause: {}}]", BRIEF)),
                new Row(
                        "abort a canary behind nginx",
                        abort,
                        Kind.ROLLOUT,
                        true,
                        shipped -> shop().weightOnIngress(shipped.name).orElseThrow() == 0,
                        name -> {
                            shop().createIngress(name);
                            shop().createCanary(name, PODS, AT_60.formatted(name), "", BRIEF);
                        }),
                new Row(
                        "restore a promoted Rollout with steps",
                        "",
                        Kind.ROLLOUT,
                        false,
                        shipped -> isWithoutPods(Kind.ROLLOUT, shipped),
                        name -> shop().createCanary(name, PODS, IN_STEPS, "", LONG)),
                new Row(
                        "restore a promoted blue-green",
                        "",
                        Kind.ROLLOUT,
                        false,
                        shipped -> shop().served(shipped.name).equals(shipped.good),
                        name -> shop().createBlueGreen(name, PODS, "autoPromotionEnabled: true", LONG)),
                new Row(
                        "restore a Deployment",
                        "kubectl rollout undo deployment/%s -n %s",
                        Kind.DEPLOYMENT,
                        false,
                        shipped -> isWithoutPods(Kind.DEPLOYMENT, shipped),
                        name -> shop().createDeployment(name, PODS, LONG)),
                new Row(
                        "restore a StatefulSet",
                        "kubectl rollout undo statefulset/%s -n %s",
                        Kind.STATEFULSET,
                        false,
                        shipped -> isWithoutPods(Kind.STATEFULSET, shipped),
                        name -> shop().createStatefulSet(name, 3, LONG, "")),
                new Row(
                        "restore a DaemonSet",
                        "kubectl rollout undo daemonset/%s -n %s",
                        Kind.DAEMONSET,
                        false,
                        shipped -> isWithoutPods(Kind.DAEMONSET, shipped),
                        name -> shop().createDaemonSet(name, LONG, "")));
    }

    @Test
    void eachActBesideAPersonWhoTypesIt() throws IOException {
        startInstances();
        var rows = rows();
        for (int round = 0; round < ROUNDS; round++) {
            for (var row : rows) {
                var name = "%s-%d-%d".formatted(row.kind.alertLabel(), rows.indexOf(row), round);
                row.byHand.add(measured(row, name + "-hand", this::byHand));
                row.ours.add(measured(row, name + "-ours", this::ours));
            }
        }
        var table = new StringBuilder("""
                | act | by hand: back after ms | Rollguard: back after ms | Rollguard: verified after ms |
                |---|---|---|---|
                """);
        for (var row : rows) {
            table.append("| %s | %s | %s | %s |%n"
                    .formatted(
                            row.act,
                            median(row.byHand, Time::backMillis),
                            median(row.ours, Time::backMillis),
                            median(row.ours, Time::verifiedMillis)));
        }
        System.out.print(table);
        Files.writeString(Path.of("target/act-times.md"), table);
    }

    /** Alone: what bakes beside it might be to blame as well. */
    private Time measured(Row row, String name, BiFunction<Row, Shipped, Time> way) {
        var time = way.apply(row, shipped(row, name));
        shop().delete(row.kind, name);
        return time;
    }

    private Shipped shipped(Row row, String name) {
        row.create.accept(name);
        shop().awaitComplete(row.kind, name);
        if (!row.isInProgress) {
            Await.until("its revision is known to be good", SOON, () -> shop().goodRevisions(row.kind, name) > 0);
        }
        var good = shop().current(row.kind, name);
        shop().ship(row.kind, name, "v2");
        var bad = shop().awaitCurrentOtherThan(row.kind, name, good);
        if (row.isInProgress) {
            shop().awaitCanary(name);
        } else {
            shop().awaitComplete(row.kind, name);
        }
        return new Shipped(name, good, bad);
    }

    private Time byHand(Row row, Shipped shipped) {
        long from = System.nanoTime();
        if (row.command.isEmpty()) {
            shop().ship(row.kind, shipped.name, "v1");
        } else {
            assertThat(cluster().type(row.command.formatted(shipped.name, shop().namespace())))
                    .as("there is a shell with kubectl")
                    .isTrue();
        }
        awaitBack(row, shipped);
        return new Time(since(from), 0);
    }

    private Time ours(Row row, Shipped shipped) {
        var from = new AtomicLong();
        instance()
                .api()
                .onceBefore(
                        "PATCH",
                        "/%s/%ss/%s(/status)?(\\?(?!.*dryRun).*)?$"
                                .formatted(shop().namespace(), row.kind.alertLabel(), shipped.name),
                        () -> from.set(System.nanoTime()));
        var labels = row.isInProgress
                ? Map.of("pod", podOf(shipped.name, shipped.bad))
                : Map.of(row.kind.alertLabel(), shipped.name);
        whenItAlerts(firing("Errors", labels));
        Await.until("the request is sent", SOON, () -> from.get() != 0);
        awaitBack(row, shipped);
        long back = since(from.get());
        thenStep(shipped.name, "verified");
        return new Time(back, since(from.get()));
    }

    private void awaitBack(Row row, Shipped shipped) {
        int pods = row.kind == Kind.ROLLOUT || row.kind == Kind.DEPLOYMENT ? PODS : 3;
        Await.until(
                shipped + " is back",
                Duration.ofSeconds(60),
                () -> shop().readyPods(row.kind, shipped.name, shipped.good).size() == pods
                        && row.isLeft.test(shipped));
    }

    private boolean isWithoutPods(Kind kind, Shipped shipped) {
        return shop().readyPods(kind, shipped.name, shipped.bad).isEmpty();
    }

    private static long since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos).toMillis();
    }

    private static String median(List<Time> of, ToLongFunction<Time> what) {
        var sorted = of.stream().mapToLong(what).sorted().toArray();
        return sorted[sorted.length / 2]
                + (sorted.length == 1 ? "" : " (%d to %d)".formatted(sorted[0], sorted[sorted.length - 1]));
    }
}
