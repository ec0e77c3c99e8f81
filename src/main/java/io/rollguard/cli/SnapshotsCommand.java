package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import io.rollguard.cli.Snapshots.Snapshot;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./rollguard snapshots}: what restores have replaced. */
@Command(
        name = "snapshots",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows what restores have replaced, and brings it back.",
            "",
            "Before each restore the pod template that it replaces is kept beside the workload, as a ControllerRevision.",
            "They are read with your own rights (KUBECONFIG); a template may hold what others should not see.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done, or no difference",
            "1:a difference; refused, or not verified",
            "2:wrong usage, or no cluster"
        })
final class SnapshotsCommand implements Runnable {

    /** So many lines beside a difference are shown. */
    private static final int AROUND = 3;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** Where to look. */
    static final class Where {
        @Option(
                names = {"-n", "--namespace"},
                required = true,
                paramLabel = "NAMESPACE",
                description = "where they are")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String namespace;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Snapshots: what? There are: "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists them, newest first.")
    int list(
            @Mixin Where where,
            @Option(names = "--output", paramLabel = "text|json", description = "for people (default) or for scripts")
                    JudgeCommand.@Nullable Output output)
            throws UnreadableInput {
        try (var snapshots = new Snapshots(where.namespace)) {
            var all = snapshots.all();
            if (output == JudgeCommand.Output.json) {
                var array = JsonNodeFactory.instance.arrayNode();
                all.forEach(each -> array.add(json(each)));
                out().println(array);
            } else if (all.isEmpty()) {
                out().println("No snapshot is there.");
            } else {
                var rows = new ArrayList<List<String>>();
                rows.add(List.of("SNAPSHOT", "WORKLOAD", "REVISION", "AGE", "IMAGES"));
                all.forEach(each -> rows.add(List.of(
                        each.name(),
                        workload(each),
                        each.revision(),
                        IncidentText.age(each.takenAt().toString(), Instant.now()),
                        String.join(" ", each.images()))));
                out().print(IncidentText.table(rows));
            }
            return 0;
        }
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Prints the pod template that one holds.")
    int show(@Mixin Where where, @Parameters(paramLabel = "SNAPSHOT") String name) throws UnreadableInput {
        try (var snapshots = new Snapshots(where.namespace)) {
            print(Snapshots.lines(Snapshots.template(snapshots.named(name))));
            return 0;
        }
    }

    @Command(
            name = "diff",
            mixinStandardHelpOptions = true,
            description = "Compares one with what its workload runs now: - only in the snapshot, + only now.")
    int diff(@Mixin Where where, @Parameters(paramLabel = "SNAPSHOT") String name) throws UnreadableInput {
        try (var snapshots = new Snapshots(where.namespace)) {
            var snapshot = snapshots.named(name);
            var kept = Snapshots.lines(Snapshots.template(snapshot));
            var now = Snapshots.lines(snapshots.live(snapshot));
            var patch = DiffUtils.diff(kept, now);
            if (patch.getDeltas().isEmpty()) {
                out().println("No difference: %s runs this template.".formatted(workload(snapshot)));
                return 0;
            }
            print(UnifiedDiffUtils.generateUnifiedDiff(
                    snapshot.name(), workload(snapshot) + ", now", kept, patch, AROUND));
            return 1;
        }
    }

    @Command(
            name = "restore",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Brings one back, as `./rollguard rollback --to` does. It was rolled back from, so it needs --force.")
    int restore(
            @Mixin RunningService service,
            @Mixin Where where,
            @Parameters(paramLabel = "SNAPSHOT") String name,
            @Mixin RollbackWish wish)
            throws UnreadableInput {
        wish.check();
        try (var snapshots = new Snapshots(where.namespace)) {
            var snapshot = snapshots.named(name);
            var kind =
                    snapshot.kind().orElseThrow(() -> new UnreadableInput(name + " names no workload that it is of"));
            return wish.carryOut(
                    new RollbackOrder(service, where.namespace, kind, snapshot.workload()), snapshot.revision());
        }
    }

    @Command(
            name = "prune",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Deletes all but the newest of each workload.")
    int prune(
            @Mixin Where where,
            @Option(names = "--keep", required = true, paramLabel = "N", description = "how many are kept of each")
                    int keep,
            @Option(names = "--yes", description = "without it they are only named") boolean yes)
            throws UnreadableInput {
        if (keep < 0) {
            throw new ParameterException(spec.commandLine(), "--keep is 0 or more");
        }
        try (var snapshots = new Snapshots(where.namespace)) {
            var surplus = surplus(snapshots.all(), keep);
            for (var each : surplus) {
                if (yes) {
                    snapshots.delete(each);
                }
                out().println((yes ? "Deleted " : "Would delete ") + each.name() + " of " + workload(each));
            }
            if (surplus.isEmpty()) {
                out().println("Nothing to delete.");
            } else if (!yes) {
                out().println("Nothing was deleted: say --yes.");
            }
            return 0;
        }
    }

    /** All but the newest of each workload. */
    static List<Snapshot> surplus(List<Snapshot> newestFirst, int keep) {
        var kept = new HashMap<String, Integer>();
        return newestFirst.stream()
                .filter(each -> kept.merge(each.workloadUid(), 1, Integer::sum) > keep)
                .toList();
    }

    private static String workload(Snapshot snapshot) {
        return snapshot.kind().map(kind -> kind.alertLabel() + "/").orElse("") + snapshot.workload();
    }

    private static ObjectNode json(Snapshot snapshot) {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("name", snapshot.name());
        json.put("workload", workload(snapshot));
        json.put("revision", snapshot.revision());
        json.put("takenAt", snapshot.takenAt().toString());
        JsonNode images = JsonNodeFactory.instance
                .arrayNode()
                .addAll(snapshot.images().stream()
                        .map(JsonNodeFactory.instance::textNode)
                        .toList());
        json.set("images", images);
        return json;
    }

    private void print(List<String> lines) {
        lines.forEach(line -> out().println(VerdictText.printable(line)));
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
