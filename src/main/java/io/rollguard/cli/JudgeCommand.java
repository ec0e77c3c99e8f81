package io.rollguard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.rollguard.incident.IncidentEvent;
import io.rollguard.incident.IncidentEvent.Step;
import io.rollguard.verdict.Judge;
import io.rollguard.wire.IncidentEvents;
import io.rollguard.wire.VerdictJson;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The decision without a cluster: what would Rollguard do? */
@Command(
        name = "judge",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Says what Rollguard would do about each active release, and why.",
            "",
            "One verdict per release, most suspect first. Nothing is contacted. Settling counts as elapsed.",
            ""
        },
        footer = {
            "",
            "The objects are what this prints, or any part of it:",
            "  kubectl get"
                    + " rollouts,deployments,statefulsets,daemonsets,replicasets,controllerrevisions,pods,services,nodes"
                    + " -A -o yaml",
            "",
            "Environment, as for the service: ROLLGUARD_CLUSTER (else the cluster that all alerts name in their label",
            "`cluster`, else `default`), ROLLGUARD_MODE, ROLLGUARD_BAKE_TIME, ROLLGUARD_LOOKBACK, ROLLGUARD_NAMESPACE,",
            "ROLLGUARD_STORM_MAX_WORKLOADS.",
            "",
            "Exit status: 0 no release is guilty, 1 one is (or a recorded verdict did not come out again), 2"
                    + " unreadable input."
        })
final class JudgeCommand implements Callable<Integer> {

    enum Output {
        text,
        json
    }

    @Option(
            names = "--cluster",
            paramLabel = "OBJECTS.yaml",
            description = "the cluster's objects; - is standard input")
    private @Nullable String cluster;

    @Option(
            names = "--alerts",
            paramLabel = "WEBHOOK.json",
            description = {
                "what Alertmanager posted; may be given more than once, may hold several bodies;",
                "without any it is judged by what the objects themselves show"
            })
    private List<String> alerts = List.of();

    @Option(
            names = "--at",
            paramLabel = "TIME",
            description = "judge as of then (RFC 3339); else the latest time in the files")
    private @Nullable String at;

    @Option(
            names = "--from",
            paramLabel = "EVENT.json",
            description = "repeat the verdict of a recorded `judged` event")
    private @Nullable String from;

    @Option(names = "--output", paramLabel = "text|json", description = "for people (default) or for scripts")
    private Output output = Output.text;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private final Map<String, String> environment;

    JudgeCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws UnreadableInput {
        var inputs = new Inputs(System.in);
        return from == null ? judge(inputs) : repeat(inputs, from);
    }

    private int judge(Inputs inputs) throws UnreadableInput {
        if (cluster == null) {
            throw new ParameterException(spec.commandLine(), "judge needs --cluster, or --from");
        }
        if (alerts.stream().filter("-"::equals).count() + (cluster.equals("-") ? 1 : 0) > 1) {
            throw new ParameterException(spec.commandLine(), "only one of the files can be standard input");
        }
        var settings = Settings.of(environment);
        var picture = Picture.read(inputs, cluster, alerts, settings, time());
        var err = spec.commandLine().getErr();
        picture.skipped()
                .forEach(each -> err.println("rollguard: passed over " + each.object() + " in " + Inputs.name(cluster)
                        + ": " + each.reason()));
        var judged = new OfflineJudge(picture, settings).judge();
        print(judged, picture.at());
        return judged.stream().anyMatch(each -> each.verdict().isGuilty()) ? 1 : 0;
    }

    private @Nullable Instant time() {
        if (at == null) {
            return null;
        }
        try {
            return OffsetDateTime.parse(at).toInstant();
        } catch (DateTimeException e) {
            throw new ParameterException(
                    spec.commandLine(), "--at must be an RFC 3339 time such as 2026-11-23T00:04:00Z", e);
        }
    }

    private int repeat(Inputs inputs, String file) throws UnreadableInput {
        if (cluster != null || !alerts.isEmpty() || at != null) {
            throw new ParameterException(spec.commandLine(), "--from stands alone: the event holds the whole input");
        }
        var read = IncidentEvents.readJudged(inputs.bytes(file));
        return switch (read) {
            case IncidentEvents.Read.Event(var event) -> repeat(file, event);
            case IncidentEvents.Read.Foreign(var type, var problem) ->
                throw new UnreadableInput(Inputs.name(file) + ": " + problem + ", so this is no `judged` event");
            case IncidentEvents.Read.Nothing(var problem) ->
                throw new UnreadableInput(Inputs.name(file) + ": " + problem);
        };
    }

    private int repeat(String file, IncidentEvent event) throws UnreadableInput {
        if (!(event.step() instanceof Step.Judged recorded) || recorded.input() == null) {
            throw new UnreadableInput(Inputs.name(file) + ": input: missing; it was too large to be recorded");
        }
        var input = recorded.input();
        var verdict = Judge.judge(input);
        print(List.of(new Judged(input.release(), verdict, recorded.allowed(), recorded.command())), input.at());
        if (!verdict.equals(recorded.verdict())) {
            spec.commandLine()
                    .getErr()
                    .println("rollguard: the recorded verdict was another: %s, score %s, %s"
                            .formatted(
                                    recorded.verdict().outcome(),
                                    recorded.verdict().score(),
                                    recorded.verdict().reason()));
            return 1;
        }
        return verdict.isGuilty() ? 1 : 0;
    }

    private void print(List<Judged> judged, Instant time) {
        var out = spec.commandLine().getOut();
        switch (output) {
            case json -> printJson(judged, out);
            case text ->
                out.print(new VerdictText(spec.commandLine().getColorScheme().ansi()).of(judged, time));
        }
        out.flush();
    }

    private static void printJson(List<Judged> judged, PrintWriter out) {
        var list = JsonNodeFactory.instance.arrayNode();
        judged.forEach(
                each -> list.add(VerdictJson.of(each.release(), each.verdict(), each.allowed(), each.command())));
        var indenter = new DefaultIndenter("  ", "\n");
        var printer = new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
        try {
            out.print(new ObjectMapper().writer(printer).writeValueAsString(list) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can be written", e);
        }
    }
}
